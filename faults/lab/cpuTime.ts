import { check } from './check.ts'
import type { Lab } from './Lab.ts'

/** What one render, parse or search may take of a core. */
const QUICK_MS = 5
const TRIES = 7

/**
 * The time of this thread that `work` takes, in ms: the best of some tries, since what is measured is the work and not
 * the machine. Throws when it is more than a few milliseconds.
 */
export function checkQuick(lab: Lab, what: string, work: () => unknown): number {
  const best = Math.min(...Array.from({ length: TRIES }, () => timeOf(work)))
  check(best <= lab.limit(QUICK_MS), `${what} took ${best.toFixed(1)} ms.`)
  return best
}

function timeOf(work: () => unknown): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
