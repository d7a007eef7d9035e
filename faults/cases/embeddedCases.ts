import { asRoot } from './asRoot.ts'
import { crashImages } from './crashImages.ts'
import { databaseKilled } from './databaseKilled.ts'
import type { FaultCase } from './index.ts'
import { oldDirectories } from './oldDirectories.ts'
import { parity } from './parity.ts'

/** The database that the product starts itself. */
export const EMBEDDED_CASES: Record<string, FaultCase> = {
  P04: {
    about: 'kill -9 of the database, of one connection, unreaped, and of server and database: back within 10 s',
    run: databaseKilled,
  },
  P05: {
    about: 'copies of the directory at random moments, as after a power cut: each opens with all that was acknowledged',
    run: crashImages,
  },
  P06: {
    about: 'data directories as people leave them: it works or says why not, and changes nothing',
    run: oldDirectories,
  },
  P07: { about: 'tests of the database on the embedded 18 and on PostgreSQL 15: the same results', run: parity },
  P08: { about: 'started as root: works under a closed home, or says what to do', run: asRoot },
}
