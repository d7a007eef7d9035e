import { setTimeout as sleep } from 'node:timers/promises'

/** What a case expected and did not find. */
export class ExpectationFailed extends Error {
  override readonly name = 'ExpectationFailed'
}

/** This machine lacks what a case needs. It is told as such, and never as passed. The message is one sentence. */
export class CannotRunHere extends Error {
  override readonly name = 'CannotRunHere'
}

/** Throws `ExpectationFailed` with the sentence unless `holds`. The sentence says what was found, with its numbers. */
export function check(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new ExpectationFailed(sentence)
}

/** Asks until `look` returns something else than null. Throws when that takes longer than `limitMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null> | T | null,
  options: { limitMs: number; everyMs?: number },
): Promise<T> {
  const deadline = performance.now() + options.limitMs
  for (;;) {
    const found = await look()
    if (found !== null) return found
    check(performance.now() < deadline, `Waited ${options.limitMs} ms in vain for: ${what}.`)
    await sleep(options.everyMs ?? 25)
  }
}

/** The middle of the numbers, rounded; 0 of none. */
export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)
}

/** The largest of the numbers, rounded; 0 of none. */
export function most(numbers: number[]): number {
  return Math.round(Math.max(0, ...numbers))
}
