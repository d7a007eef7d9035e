import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Site } from './Site.ts'

export type LogLine = { pid: number; msg: string; level: number; [field: string]: unknown }

/** What the servers of a site logged under this message, oldest first. */
export function logged(site: Site, msg: string): LogLine[] {
  return serverLines(site).flatMap((line) => {
    const found = parse(line)
    return found?.msg === msg ? [found] : []
  })
}

/** Every line that the servers of a site wrote, as it stands. */
export function serverLines(site: Site): string[] {
  return readFileSync(join(site.directory, 'servers.log'), 'utf8').split('\n')
}

/** A line of the file is the process id, a space, and what the server wrote. */
function parse(line: string): LogLine | null {
  try {
    return JSON.parse(line.slice(line.indexOf(' ') + 1)) as LogLine
  } catch {
    return null
  }
}
