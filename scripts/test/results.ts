import type { Run } from './runProgram.ts'

/** What one runner or one check found. `output` is shown only when something is wrong. */
export type Result = { name: string; passed: number; failed: number; skipped: number; seconds: number; output: string }

type Counts = Pick<Result, 'passed' | 'failed' | 'skipped'>

/** A check counts as one: it holds or it does not. */
export function checkResult(name: string, { code, output, seconds }: Run): Result {
  return { name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, seconds, output }
}

/**
 * A runner's own count. When it ended badly without naming a failed test (it broke off, an error outside of any test, no
 * count at all), that is one failure of its own; nothing found to run is one too.
 */
export function runnerResult(name: string, { code, output, seconds }: Run, counts: Counts | null): Result {
  const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: 0 }
  const ranNothing = passed + failed === 0
  const unnamed = failed === 0 && (code !== 0 || ranNothing) ? 1 : 0
  return { name, passed, failed: failed + unnamed, skipped, seconds, output }
}

/** One line for people, and all that the runner said when something is wrong. */
export function printResult(result: Result): void {
  const { name, passed, failed, skipped, seconds, output } = result
  const isRight = failed === 0 && skipped === 0
  if (!isRight) process.stdout.write(`\n${output.trimEnd()}\n\n`)
  const counts = countsLine({ passed, failed, skipped })
  process.stdout.write(
    `${isRight ? '✓' : '✗'} ${name.padEnd(24)} ${counts.padEnd(26)} ${seconds.toFixed(1).padStart(6)} s\n`,
  )
}

/** `N passed, N failed`, and the skipped only when there are any. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

export function sum(results: readonly Counts[]): Counts {
  const add = (of: (counts: Counts) => number) => results.reduce((total, counts) => total + of(counts), 0)
  return { passed: add((r) => r.passed), failed: add((r) => r.failed), skipped: add((r) => r.skipped) }
}

/** A skipped test proves nothing, so it fails the run like a failed one. */
export function exitCodeOf({ passed, failed, skipped }: Counts): number {
  return passed > 0 && failed === 0 && skipped === 0 ? 0 : 1
}
