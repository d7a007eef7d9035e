import { LRUCache } from 'lru-cache'

/** Entries; some 2 MB. */
export const MAX_CACHE_SIZE = 10_000
/** How long what a gateway said about a number is believed: people change their number and not every day. */
export const ANSWER_LIFE_MS = 24 * 3_600_000

/** What a gateway said about a number, and when. */
export type NumberAnswer = { isOnWhatsapp: boolean; jid: string | null; checkedAt: Date }

/**
 * Answers of gateways in memory, of all accounts together. Holds at most `max`; the least recently used leaves first, and
 * each at the end of its life. Looking whether there is one (`has`) is no use of it.
 */
export class PhoneCache {
  readonly #entries: LRUCache<string, NumberAnswer>

  /** `now`: a clock in ms that never goes back. */
  constructor({ max = MAX_CACHE_SIZE, now = () => performance.now() }: { max?: number; now?: () => number } = {}) {
    this.#entries = new LRUCache({ max, ttl: ANSWER_LIFE_MS, ttlResolution: 0, perf: { now } })
  }

  get size(): number {
    return this.#entries.size
  }

  get(userId: string, phone: string): NumberAnswer | undefined {
    return this.#entries.get(keyOf(userId, phone))
  }

  has(userId: string, phone: string): boolean {
    return this.#entries.has(keyOf(userId, phone))
  }

  /** `ageMs`: how old the answer is already. */
  set(userId: string, phone: string, answer: NumberAnswer, ageMs = 0): void {
    const ttl = ANSWER_LIFE_MS - ageMs
    if (ttl > 0) this.#entries.set(keyOf(userId, phone), answer, { ttl })
  }

  delete(userId: string, phone: string): void {
    this.#entries.delete(keyOf(userId, phone))
  }
}

function keyOf(userId: string, phone: string): string {
  return `${userId} ${phone}`
}
