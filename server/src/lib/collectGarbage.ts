import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collector = (options: { type: 'major'; execution: 'async' }) => Promise<void>

let collector: Collector | null = null

/**
 * Asks V8 to give back what is not used, beside our own work. On a machine with much memory V8 lets hundreds of
 * megabytes of short-lived rows pile up before it looks; a long import calls this now and then, so that its memory does
 * not grow with the file. Resolves when that is done.
 */
export async function collectGarbage(): Promise<void> {
  if (collector === null) {
    setFlagsFromString('--expose-gc')
    collector = runInNewContext('gc') as Collector
  }
  await collector({ type: 'major', execution: 'async' })
}
