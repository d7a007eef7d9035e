import { Temporal } from 'temporal-polyfill'
import type { SendingWindow } from '#contract/campaigns.ts'

/** Whether sending is allowed, and until when that stays so; `until` is null when it never changes. */
export type WindowState = { isOpen: boolean; until: Date | null }

/**
 * A window opens at least once a week, and in the week after where a clock change swallows it; a day more on either side
 * covers those that cross midnight.
 */
const DAYS_AHEAD = 15

/**
 * The state of the window at an instant. A wall time that a clock change skips is taken as the same distance after the
 * gap; of one that occurs twice the first counts (both as `Temporal` does by default). A window of which nothing is left
 * then does not open that day.
 */
export function windowStateAt(window: SendingWindow, timeZone: string, at: Date): WindowState {
  const instant = at.getTime()
  const today = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate()
  let closesAt: number | null = null
  for (let day = -1; day <= DAYS_AHEAD; day++) {
    const interval = intervalOf(window, timeZone, today.add({ days: day }))
    if (interval === null || interval.close <= instant) continue
    const reaches = closesAt ?? instant
    // Windows that touch or overlap (23:00–23:00 every day) are one.
    if (interval.open <= reaches) closesAt = Math.max(closesAt ?? 0, interval.close)
    else return { isOpen: closesAt !== null, until: new Date(closesAt ?? interval.open) }
  }
  // Touching windows without a gap for more than a week never close.
  return { isOpen: closesAt !== null, until: null }
}

/**
 * The instant at which `workMs` of sending are done when only time inside the window counts, from `from` on. Null when
 * that lies more than two years ahead.
 */
export function finishWithin(window: SendingWindow, timeZone: string, from: Date, workMs: number): Date | null {
  let at = from.getTime()
  let left = workMs
  const horizon = at + 2 * 365 * 86_400_000
  while (at < horizon) {
    const { isOpen, until } = windowStateAt(window, timeZone, new Date(at))
    if (until === null) return isOpen ? new Date(at + left) : null
    const end = until.getTime()
    if (isOpen && end - at >= left) return new Date(at + left)
    if (isOpen) left -= end - at
    at = end
  }
  return null
}

function intervalOf(
  window: SendingWindow,
  timeZone: string,
  date: Temporal.PlainDate,
): { open: number; close: number } | null {
  // Temporal counts Monday 1 … Sunday 7.
  if (!window.days.includes(date.dayOfWeek % 7)) return null
  const crossesMidnight = window.endTime <= window.startTime
  const open = instantOf(date, window.startTime, timeZone)
  const close = instantOf(crossesMidnight ? date.add({ days: 1 }) : date, window.endTime, timeZone)
  return open < close ? { open, close } : null
}

function instantOf(date: Temporal.PlainDate, time: string, timeZone: string): number {
  return date.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds
}
