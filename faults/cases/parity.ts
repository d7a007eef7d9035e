import { join } from 'node:path'
import { check } from '../lab/check.ts'
import { startDebianPostgres } from '../lab/DebianPostgres.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { notPassed, runServerTests } from '../lab/testRuns.ts'

/** What asks the database most. The whole suite on both is what `.ci/run` does. */
const FULL = [
  'db/transaction',
  'db/migrate',
  'recipients/',
  'campaigns/',
  'dispatch/dispatch',
  'receipts/',
  'contacts/',
]
const SHORT = ['recipients/', 'db/transaction']

/**
 * The tests that lean on the database most, on the embedded PostgreSQL 18 and on Debian's 15: the same tests with the
 * same results, none failed, none skipped. The whole server suite runs on both in `.ci/run`.
 */
export async function parity(lab: Lab): Promise<Numbers> {
  const url = (await startDebianPostgres(lab)).urlOf('postgres')
  const files = lab.rounds(1, 0) === 1 ? FULL : SHORT
  lab.tell('embedded')
  const embedded = await runServerTests(join(lab.directory, 'embedded.json'), files)
  lab.tell('PostgreSQL 15')
  const debian = await runServerTests(join(lab.directory, 'debian.json'), files, { TEST_DATABASE_URL: url })
  const names = new Set([...embedded.keys(), ...debian.keys()])
  const different = [...names].filter((name) => embedded.get(name) !== debian.get(name))
  check(different.length === 0, `Another result on PostgreSQL 15: ${different.slice(0, 5).join('; ')}.`)
  const bad = notPassed(embedded)
  check(bad.length === 0, `Failed or skipped on both: ${bad.slice(0, 5).join('; ')}.`)
  check(embedded.size > 0, 'No test ran.')
  return {
    'tests on the embedded 18 and on 15 (a part: the whole suite runs on both in .ci/run)': embedded.size,
    'different results': 0,
    skipped: 0,
  }
}
