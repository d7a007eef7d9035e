import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Hook, HookCaller } from './hooks.ts'

export type StormPlan = {
  perSecond: number
  forMs: number
  /** Longer than that while it says so. */
  goesOn?: () => boolean
  /** The bytes of the nth call. */
  bodyOf: (n: number) => string
  /** Calls open at once before this client itself holds back; then the rate that is reached is lower. */
  mostOpen: number
}

/** `ms` counts from when a call was due, so that waiting for its turn at this client counts as well. */
export type StormCall = { n: number; status: number; ms: number }

export type Storm = {
  answered: StormCall[]
  /** Calls that no answer came to: the other side died. */
  unanswered: number
  mostOpen: number
  /** Calls that were made, a second. */
  reached: number
}

const TICK_MS = 5

/** Calls at a steady rate, whether the answers come or not. Returns when the last was answered. */
export async function storm(caller: HookCaller, hook: Hook, plan: StormPlan): Promise<Storm> {
  const answered: StormCall[] = []
  const running = new Set<Promise<void>>()
  let [unanswered, mostOpen, started] = [0, 0, 0]
  const startedAt = performance.now()
  const make = (n: number) => {
    const dueAt = startedAt + (n / plan.perSecond) * 1000
    const keep = ({ status }: Answer) => void answered.push({ n, status, ms: performance.now() - dueAt })
    const call = caller.call(hook, plan.bodyOf(n)).then(keep, () => void (unanswered += 1))
    running.add(call)
    void call.then(() => running.delete(call))
  }
  for (let elapsed = 0; elapsed < plan.forMs || plan.goesOn?.() === true; elapsed = performance.now() - startedAt) {
    const due = Math.floor((elapsed / 1000) * plan.perSecond)
    while (started < due && running.size < plan.mostOpen) make(started++)
    mostOpen = Math.max(mostOpen, running.size)
    await sleep(TICK_MS)
  }
  const seconds = (performance.now() - startedAt) / 1000
  await Promise.all(running)
  return { answered, unanswered, mostOpen, reached: Math.round(started / seconds) }
}

/** How many calls were answered with each status. */
export function statusesOf({ answered }: Storm): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answered) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** The time within which this part of the calls was answered, in ms; 0 of none. */
export function percentile(calls: StormCall[], part: number): number {
  const sorted = calls.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)
}
