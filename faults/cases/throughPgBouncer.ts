import type { Lab, Numbers } from '../lab/Lab.ts'
import { PgBouncer } from '../lab/PgBouncer.ts'
import { restartFast } from './databaseRestarts.ts'
import { killHolder } from './killHolder.ts'
import { killWorker } from './killWorker.ts'
import { stoppedHolder } from './stoppedHolder.ts'

const CASES = { killWorker, killHolder, stoppedHolder, restartFast }

/** The cases of dying and stopped workers and of a restart once more, with PgBouncer (transaction mode) in between. */
export async function throughPgBouncer(lab: Lab): Promise<Numbers> {
  lab.putBetween(await PgBouncer.before(lab, await lab.postgres()))
  const numbers: Numbers = {}
  for (const [name, run] of Object.entries(CASES)) {
    lab.tell(name)
    for (const [what, value] of Object.entries(await run(lab))) numbers[`${name}: ${what}`] = value
  }
  return numbers
}
