import type { FaultCase } from './index.ts'
import { brokenErrorPath } from './brokenErrorPath.ts'
import { failpointGrid } from './failpointGrid.ts'
import { manySchedulers } from './manySchedulers.ts'
import { poison } from './poison.ts'
import { smallHeap } from './smallHeap.ts'
import { stalledLoop } from './stalledLoop.ts'
import { stoppedHolder } from './stoppedHolder.ts'
import { watchedLease } from './watchedLease.ts'

/** Processes and leases. */
export const PROCESS_CASES: Record<string, FaultCase> = {
  K03: {
    about: 'the holder is stopped for two leases and goes on: it starts nothing, settles nothing, leaves nobody behind',
    run: stoppedHolder,
  },
  K04: {
    about: 'the holder computes for two leases, also inside a template: as if stopped, and the stall is reported',
    run: stalledLoop,
  },
  K07: { about: 'ten workers reach for one campaign that falls due: one start, one epoch', run: manySchedulers },
  K10: {
    about: 'synchronizers watch a campaign of slow requests for twenty rounds and leave it alone; a cancel stays',
    run: watchedLease,
  },
  K14: {
    about: 'one recipient kills whoever renders it: it alone is given up, after three deaths',
    run: poison,
  },
  K15: {
    about: 'a million recipients through a worker with a heap of 128 MB: flat memory, never more than a batch of rows',
    run: smallHeap,
  },
  K17: {
    about: 'logger, error log and classifier throw: the original reason counts, the channel still pauses',
    run: brokenErrorPath,
  },
  S02: {
    about: 'every failpoint throws, kills and delays by two leases, once each: the books balance every time',
    run: failpointGrid,
  },
}
