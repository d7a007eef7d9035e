import type { SendingWindow } from '#contract/campaigns.ts'
import { finishWithin } from '#server/campaigns/sendingWindow.ts'
import type { ChannelLimits } from '#server/channels/channelCap.ts'

const DAY_MS = 86_400_000
/** As far as `finishWithin` looks ahead. */
const HORIZON_DAYS = 2 * 365

export type PlannedWork = {
  /** Messages still to be sent, and what each takes where nothing but the pace holds it up. */
  messages: number
  perMessageMs: number
  window: SendingWindow | null
  timeZone: string
}

/**
 * When the work is done that begins at `now`: after the back-off, inside the window, and with no more messages a day than
 * the cap leaves; days without a window count for nothing. Days are taken to have 24 hours. Null when that lies more than
 * two years ahead.
 */
export function finishWithCap(work: PlannedWork, limits: ChannelLimits | undefined, now: Date): Date | null {
  const start = new Date(now.getTime() + (limits?.backOffInMs ?? 0))
  const byPace = finishByPace(work, start, work.messages)
  if (limits === undefined || limits.dailyCap === null || byPace === null) return byPace
  const rest = work.messages - Math.max(0, limits.dailyCap - limits.capUsed)
  if (rest <= 0) return byPace
  const days = Math.ceil(rest / limits.dailyCap)
  const turns = new Date(now.getTime() + limits.dayTurnsInMs)
  const lastDay = nthSendingDay(work, turns, days)
  const byCap = lastDay && finishByPace(work, lastDay, rest - (days - 1) * limits.dailyCap)
  // Where pace or window let less leave in a day than the cap does, they decide.
  return byCap && (byCap > byPace ? byCap : byPace)
}

function finishByPace({ perMessageMs, window, timeZone }: PlannedWork, from: Date, messages: number): Date | null {
  const workMs = messages * perMessageMs
  return window === null ? new Date(from.getTime() + workMs) : finishWithin(window, timeZone, from, workMs)
}

/** The start of the `nth` day, from that at `first` on, on which the window opens at all. */
function nthSendingDay({ window, timeZone }: PlannedWork, first: Date, nth: number): Date | null {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short' })
  let left = nth
  for (let day = 0; day < HORIZON_DAYS; day++) {
    const at = new Date(first.getTime() + day * DAY_MS)
    // By its noon: the zones of campaign and channel may differ by hours.
    const isOpen = window === null || window.days.includes(weekdayOf(format, at))
    if (isOpen) left -= 1
    if (left === 0) return at
  }
  return null
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

function weekdayOf(format: Intl.DateTimeFormat, startOfDay: Date): number {
  return WEEKDAYS.indexOf(format.format(new Date(startOfDay.getTime() + DAY_MS / 2)))
}
