import { badDates } from './badDates.ts'
import { clockGap } from './clockGap.ts'
import { farSchedules } from './farSchedules.ts'
import type { FaultCase } from './index.ts'
import { missedSchedules } from './missedSchedules.ts'

/** Clocks, zones and schedules. */
export const TIME_CASES: Record<string, FaultCase> = {
  T01: { about: 'wall times that a clock change skips or repeats: one answer in API, database and SQL', run: clockGap },
  T05: { about: 'starts further away than a timer counts: nothing leaves', run: farSchedules },
  T06: { about: 'down across the due time: up to 15 min late runs, later waits for a person', run: missedSchedules },
  T08: { about: 'dates that do not exist are refused, none is moved to another day', run: badDates },
}
