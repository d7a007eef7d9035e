import type { FailureCategory } from '#contract/errors.ts'
import type { SendFailure } from '#server/channels/gateways/Gateway.ts'

const BASE_MS = 2000
const JITTER_MS = 1000
const CEILING_MS = 300_000
/** Below these a repeated request does harm: WhatsApp counts it, or the gateway has no time to recover. */
const FLOOR_MS: Partial<Record<FailureCategory, number>> = { RATE_LIMIT: 60_000, SERVER_BUSY: 10_000 }
/** What a gateway may demand with Retry-After, so that a mistake of its does not stop a channel for years. */
const RETRY_AFTER_MIN_MS = 1000
const RETRY_AFTER_MAX_MS = 900_000

/**
 * How long to wait before the next attempt, in ms: min(max(2 s · 2^attempt, floor) + up to 1 s, 5 min), or what the
 * gateway asked for, kept between 1 s and 15 min. `attempt` counts from 0; `random` is 0…1.
 */
export function backOffMs(failure: SendFailure, attempt: number, random: number = Math.random()): number {
  if (failure.notBefore !== null) {
    const asked = failure.notBefore.getTime() - Date.now()
    return Math.min(Math.max(asked, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS)
  }
  const growing = BASE_MS * 2 ** Math.min(attempt, 20)
  const wait = Math.max(growing, FLOOR_MS[failure.category] ?? 0) + random * JITTER_MS
  return Math.min(wait, CEILING_MS)
}
