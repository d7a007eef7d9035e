import { Temporal } from 'temporal-polyfill'
import { AppError } from '#server/lib/AppError.ts'
import { isTimeZone } from '#server/lib/isTimeZone.ts'

/** A start, resolved once: what was meant stays readable beside the instant that the scheduler goes by. */
export type Schedule = {
  instant: Date
  timeZone: string
  /** `2026-12-01T09:00` */
  wallTime: string
  /** `-03:00`, valid at that instant. */
  offset: string
}

/** Further ahead a schedule is a mistake (a wrong year, milliseconds for seconds) more often than a plan. */
const MAX_AHEAD_DAYS = 730
/** Seconds end at 59: `Temporal` would take a leap second for the one before it. */
const WALL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::[0-5]\d(?:\.\d{1,9})?)?$/
const WITH_OFFSET = /(?:Z|[+-]\d\d:\d\d)$/
/** The furthest that any zone of this world is from UTC, in minutes. */
const OFFSETS = { west: -12 * 60, east: 14 * 60 }

/**
 * When a campaign is to start: an instant (`…Z`, `…-03:00`) or a wall time in the named zone. A wall time that a clock
 * change skips is refused, because nobody meant it; of one that occurs twice the first is taken. Throws UNPROCESSABLE
 * that names the field for what is no date, no zone, skipped, past or more than two years ahead.
 */
export function resolveSchedule(scheduledAt: string, timeZone: string, now: Date): Schedule {
  checkZone(timeZone)
  const zoned = WITH_OFFSET.test(scheduledAt) ? fromInstant(scheduledAt, timeZone) : fromWallTime(scheduledAt, timeZone)
  const instant = new Date(zoned.epochMilliseconds)
  const aheadMs = instant.getTime() - now.getTime()
  if (aheadMs < 0) throw refuse('This time has passed.')
  if (aheadMs > MAX_AHEAD_DAYS * 86_400_000) throw refuse('This is more than two years ahead.')
  return {
    instant,
    timeZone,
    wallTime: zoned.toPlainDateTime().toString({ smallestUnit: 'minute' }),
    offset: zoned.offset,
  }
}

function checkZone(timeZone: string): void {
  if (isTimeZone(timeZone)) return
  throw new AppError('UNPROCESSABLE', { details: [{ field: 'timeZone', message: 'There is no such time zone.' }] })
}

function fromInstant(text: string, timeZone: string): Temporal.ZonedDateTime {
  if (!WALL_TIME.test(text.replace(WITH_OFFSET, ''))) throw refuse('This is not a date and time.')
  if (!isOffset(text)) throw refuse('No time zone is that far from UTC.')
  try {
    return Temporal.Instant.from(text).toZonedDateTimeISO(timeZone)
  } catch {
    throw refuse('This is not a date and time.')
  }
}

function isOffset(text: string): boolean {
  const [, sign = '+', hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? []
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  return offset >= OFFSETS.west && offset <= OFFSETS.east
}

function fromWallTime(text: string, timeZone: string): Temporal.ZonedDateTime {
  if (!WALL_TIME.test(text)) throw refuse('This is not a date and time.')
  let wall: Temporal.PlainDateTime
  try {
    wall = Temporal.PlainDateTime.from(text, { overflow: 'reject' })
  } catch {
    throw refuse('This date or time does not exist.')
  }
  const zoned = wall.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  if (!zoned.toPlainDateTime().equals(wall)) throw refuse('The clocks skip this time on that day.')
  return zoned
}

function refuse(message: string): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field: 'scheduledAt', message }] })
}
