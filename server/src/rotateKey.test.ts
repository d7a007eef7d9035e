import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { masterOf } from './lib/Sealer.ts'
import { SecretBox } from './lib/SecretBox.ts'
import { findNextKey, loadSecretKey, makeNextKey } from './loadSecretKey.ts'
import { rotateKey } from './rotateKey.ts'
import { KeyChangeLease } from './secrets/KeyChangeLease.ts'
import { openKeyRing, readRing, whileMaster, WrongSecretKeyError } from './secrets/keyRing.ts'
import { createTestDatabase, type TestDatabase } from './test/testDatabase.ts'

const [SECOND, THIRD] = ['aJ2dQ8mX5vC9tN4wE7kR1yU6sL3hF0bZ', 'mK8wP3zT6qB1xV5nG9rH2cJ7dL4fS0yE'] as const
const UNDER_WAY = 'another change of SECRET_KEY is under way; wait until it has ended.'
let test: TestDatabase
let config: { secretKey: null; dataDir: string }

beforeAll(async () => {
  test = await createTestDatabase({ max: 8 })
})
afterAll(async () => test.close())
beforeEach(async () => {
  for (const table of ['secret_keys', 'secret_key_holders', 'instance_facts'] as const) {
    await test.db.deleteFrom(table).execute()
  }
  config = { secretKey: null, dataDir: await mkdtemp(join(tmpdir(), 'revoada-rotate-')) }
  await openKeyRing(test.db, new SecretBox(null), await loadSecretKey(config))
})
afterEach(() => rm(config.dataDir, { recursive: true, force: true }))

const change = (newKey: string | null = null) => rotateKey(test.db, config, newKey, () => undefined)

/** The key file opens the database, and nothing of a change lies about. */
async function expectOpen(): Promise<void> {
  const key = await loadSecretKey(config)
  expect((await readRing(test.db)).master).toBe(masterOf(key).id)
  expect((await readdir(config.dataDir)).toSorted()).toEqual(['secret.key'])
}

it('of two changes at once one is made or refused after the other, and the file holds the key of the database', async () => {
  for (let round = 0; round < 5; round++) {
    const settled = await Promise.allSettled([change(), change(), change()])
    const refusals = settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []))
    expect(refusals.filter((message) => message !== UNDER_WAY)).toEqual([])
    expect(refusals.length).toBeLessThan(3)
    await expectOpen()
  }
}, 60_000)

it('while a change lives another one is refused, with one sentence, and nothing of its own left', async () => {
  await KeyChangeLease.hold(test.db, async () => {
    await makeNextKey(config, SECOND)
    await expect(change(THIRD)).rejects.toThrow(UNDER_WAY)
    expect((await findNextKey(config))?.text).toBe(SECOND)
  })
  await change(SECOND)
  await expectOpen()
}, 20_000)

it('a change that died is followed by the next one when its lease has run out', async () => {
  const died = sql`clock_timestamp() - interval '9 seconds'`
  await sql`insert into instance_facts (name, value, created_at) values ('key_change', 'dead', ${died})`.execute(
    test.db,
  )
  await change(SECOND)
  expect(await loadSecretKey(config)).toBe(SECOND)
}, 20_000)

it('who was silent for too long neither changes the files nor the database', async () => {
  await KeyChangeLease.hold(test.db, async (lease) => {
    await sql`update instance_facts set value = 'another' where name = 'key_change'`.execute(test.db)
    await expect(test.db.transaction().execute((trx) => lease.require(trx))).rejects.toThrow(UNDER_WAY)
  })
  const { rows } = await sql`select 1 from instance_facts where name = 'key_change'`.execute(test.db)
  expect(rows).toHaveLength(1)
})

it('a key takes its place by its own text, and only when the database is under it', async () => {
  const before = await loadSecretKey(config)
  const next = await makeNextKey(config, SECOND)
  const adopt = () => whileMaster(test.db, masterOf(next.text), () => next.adopt())
  await expect(adopt()).rejects.toThrow(WrongSecretKeyError)
  expect(await loadSecretKey(config)).toBe(before)

  await writeFile(join(config.dataDir, 'secret.key.next'), `${THIRD}\n`, { mode: 0o600 })
  await next.adopt()
  expect(await loadSecretKey(config)).toBe(SECOND)
  expect(await readFile(join(config.dataDir, 'secret.key.next'), 'utf8')).toBe(`${THIRD}\n`)
})
