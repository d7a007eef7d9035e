import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Whether a process with this id exists. A zombie counts as gone; another user's process counts as existing. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return process.platform !== 'linux' || !'ZX'.includes(readStat(pid)?.state ?? 'X')
}

/** When the process started, in clock ticks since boot: with the pid it names one process for ever. Null elsewhere. */
export function startTicks(pid: number): number | null {
  return process.platform === 'linux' ? (readStat(pid)?.startTicks ?? null) : null
}

/** Whether this pid is a `postgres` whose data is in `cluster` (a real path), and not another program with a reused pid. */
export function isPostgresOn(pid: number, cluster: string): boolean {
  if (!isRunning(pid)) return false
  if (process.platform === 'win32') return true
  if (process.platform !== 'linux') return commandLine(pid).includes('postgres') && commandLine(pid).includes(cluster)
  return readStat(pid)?.name === 'postgres' && workingDirectory(pid) === cluster
}

/** Every `postgres` process on this cluster, children included: all of them work in its directory. Linux only. */
export function postgresProcessesOn(cluster: string): number[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return pids.filter((pid) => isPostgresOn(pid, cluster))
}

/** The command line as one text, empty when the process is gone. */
export function commandLine(pid: number): string {
  if (process.platform !== 'linux')
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? ''
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Sends a signal; false when the process is gone or not ours. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** Asks every 10 ms until `condition` holds; false when `limitMs` have passed before. */
export async function waitUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}

function readStat(pid: number): { name: string; state: string; startTicks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in brackets and may itself contain brackets and spaces: what follows starts at the last one.
    const end = text.lastIndexOf(')')
    const fields = text.slice(end + 2).split(' ')
    return { name: text.slice(text.indexOf('(') + 1, end), state: fields[0] ?? 'X', startTicks: Number(fields[19]) }
  } catch {
    return null
  }
}

function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}
