import { backendsTerminated } from './backendsTerminated.ts'
import { databaseDiskFull } from './databaseDiskFull.ts'
import { restartFast, restartHard } from './databaseRestarts.ts'
import { exhaustedPool } from './exhaustedPool.ts'
import { halfOpenDatabase } from './halfOpenDatabase.ts'
import type { FaultCase } from './index.ts'
import { newerSchema } from './newerSchema.ts'
import { oldSnapshot } from './oldSnapshot.ts'
import { productDiskFull } from './productDiskFull.ts'
import { readOnlyDatabase } from './readOnlyDatabase.ts'
import { slowDatabase } from './slowDatabase.ts'
import { throughPgBouncer } from './throughPgBouncer.ts'

/** An external PostgreSQL and the way to it. */
export const DATABASE_CASES: Record<string, FaultCase> = {
  D01: { about: 'the database restarts in order during a campaign: the processes stay up and go on', run: restartFast },
  D02: { about: 'the database crashes during a campaign: nothing acknowledged is lost', run: restartHard },
  D03: { about: 'connections are terminated at random: no process ends, the books balance', run: backendsTerminated },
  D06: {
    about:
      'the way to the database is a black hole: queries give up, sending stops in time, and all goes on afterwards',
    run: halfOpenDatabase,
  },
  D07: {
    about: 'more slow requests than connections: the rest is refused soon with 503, and no lease is lost',
    run: exhaustedPool,
  },
  D09: {
    about: 'an old snapshot is held for a whole campaign: claims stay quick and use their index',
    run: oldSnapshot,
  },
  D10: {
    about: 'the disk of the database fills up: nobody is written to without a claim on disk, the campaign is paused',
    run: databaseDiskFull,
  },
  D11: {
    about: 'the disk of uploads, temporary files and log is full: uploads are refused whole, sending goes on',
    run: productDiskFull,
  },
  D12: {
    about: 'the database turns read-only: nothing is sent, and the pause is written once it can',
    run: readOnlyDatabase,
  },
  D14: {
    about: 'a newer version upgrades the schema under old processes: they say so, finish, and write nothing more',
    run: newerSchema,
  },
  D15: {
    about: 'PgBouncer in transaction mode in between: dying and stopped workers and a restart, as without it',
    run: throughPgBouncer,
  },
  D16: { about: 'a database 400 ms away: slower, and no lease is lost', run: slowDatabase },
}
