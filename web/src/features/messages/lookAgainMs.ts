import type { SingleMessage } from '#contract/messages.ts'

const MOVING_MS = 1000
const RECEIPT_MS = 3000
const QUIET_MS = 20_000
/** Most receipts come within seconds; of a phone that is off for longer the quiet pace is enough. */
const RECEIPTS_FOR_MS = 120_000
/** A message this close to its time is watched as if it moved. */
const SOON_MS = 5000

/**
 * Milliseconds until a look at these messages is worth it: each second while one is on its way, some seconds while a
 * receipt may come, else now and then. False when nothing of them changes any more.
 */
export function lookAgainMs(messages: readonly SingleMessage[], nowMs: number): number | false {
  const waits = messages.map((message) => waitOf(message, nowMs)).filter((wait) => wait !== false)
  return waits.length === 0 ? false : Math.min(...waits)
}

function waitOf({ state, statusAt, scheduledAt }: SingleMessage, nowMs: number): number | false {
  if (state === 'waiting' || state === 'sending') return MOVING_MS
  if (state === 'scheduled') return Date.parse(scheduledAt ?? statusAt) - nowMs < SOON_MS ? MOVING_MS : QUIET_MS
  if (state === 'sent' || state === 'delivered') {
    return nowMs - Date.parse(statusAt) < RECEIPTS_FOR_MS ? RECEIPT_MS : QUIET_MS
  }
  return state === 'unknown' || state === 'missed' ? QUIET_MS : false
}
