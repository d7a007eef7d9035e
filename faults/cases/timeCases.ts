import { badDates } from './badDates.ts'
import { clockGap } from './clockGap.ts'
import { farSchedules } from './farSchedules.ts'
import type { FaultCase } from './index.ts'
import { missedSchedules } from './missedSchedules.ts'
import { sendingWindows } from './sendingWindows.ts'
import { slowSync } from './slowSync.ts'
import { zoneData } from './zoneData.ts'

/** Clocks, zones and schedules. */
export const TIME_CASES: Record<string, FaultCase> = {
  T01: { about: 'wall times that a clock change skips or repeats: one answer in API, database and SQL', run: clockGap },
  T03: { about: 'Node and PostgreSQL agree about the zones and say how old their data are', run: zoneData },
  T04: { about: 'windows are decided in the zone of the campaign, wherever the process lives', run: sendingWindows },
  T05: { about: 'starts further away than a timer counts: nothing leaves', run: farSchedules },
  T06: { about: 'down across the due time: up to 15 min late runs, later waits for a person', run: missedSchedules },
  T08: { about: 'dates that do not exist are refused, none is moved to another day', run: badDates },
  T09: { about: 'a synchronizer slower than its interval: never two at once', run: slowSync },
}
