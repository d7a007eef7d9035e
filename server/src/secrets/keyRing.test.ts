import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SealedError, sealerOf } from '#server/lib/Sealer.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { SEALED_CHANNELS, tokenBinding, webhookKeyBinding } from '#server/channels/GatewayRegistry.ts'
import { SEALED_COLUMNS } from '#server/rotateKey.ts'
import { buildUser } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { changeSecretKey } from './changeSecretKey.ts'
import { DamagedRingError, MissedKeyError, openKeyRing, WrongSecretKeyError } from './keyRing.ts'
import { KeyRingWatch } from './KeyRingWatch.ts'
import { countOthers, type SealedColumn } from './sealedRows.ts'

const [FIRST, SECOND, THIRD] = [
  'pH7q2mZx9vK4tR8wL1nB6yD3sF5gJ0cA',
  'aJ2dQ8mX5vC9tN4wE7kR1yU6sL3hF0bZ',
  'mK8wP3zT6qB1xV5nG9rH2cJ7dL4fS0yE',
] as const
let test: TestDatabase
let userId: string

beforeAll(async () => {
  test = await createTestDatabase()
  userId = await buildUser(test.db)
})
afterAll(async () => test.close())
beforeEach(async () => {
  for (const table of ['channels', 'secret_keys', 'secret_key_holders', 'instance_facts'] as const) {
    await test.db.deleteFrom(table).execute()
  }
})

async function open(secretKey: string): Promise<SecretBox> {
  const box = new SecretBox(null)
  await openKeyRing(test.db, box, secretKey)
  return box
}

async function addChannel(box: SecretBox, token: string): Promise<string> {
  const { id } = await test.db
    .insertInto('channels')
    .values({ user_id: userId, name: token, gateway: 'wuzapi', token_ciphertext: Buffer.of(), ...hashes(box, token) })
    .returning('id')
    .executeTakeFirstOrThrow()
  const token_ciphertext = box.seal(token, tokenBinding(id))
  const webhook_key_ciphertext = box.seal(`key of ${token}`, webhookKeyBinding(id))
  await test.db.updateTable('channels').set({ token_ciphertext, webhook_key_ciphertext }).where('id', '=', id).execute()
  return id
}

function hashes(box: SecretBox, token: string) {
  const webhook_secret_hash = box.hash(box.derive(token), 'webhook-secret')
  return { token_hash: box.hash(token, 'channel-token'), webhook_secret_hash }
}

async function tokenOf(box: SecretBox, id: string): Promise<string> {
  const row = await test.db.selectFrom('channels').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  return box.open(row.token_ciphertext, tokenBinding(id))
}

const change = (from: string, to: string, box = new SecretBox(null)) =>
  changeSecretKey(test.db, box, { from, to, columns: SEALED_CHANNELS })

describe('a database', () => {
  it('that is new gets random keys, the same at every start', async () => {
    const first = await open(FIRST)
    const again = await open(FIRST)
    expect(await again.open(first.seal('a', 'here'), 'here')).toBe('a')
    expect(again.hash('a', 'b')).toEqual(first.hash('a', 'b'))
    expect(first.keyId).not.toBe(new SecretBox(FIRST).keyId)
    expect(first.derive('x')).not.toBe(new SecretBox(FIRST).derive('x'))
  })

  it('from before there was a ring keeps all its secrets, hashes and webhook addresses', async () => {
    const former = new SecretBox(FIRST)
    await test.db.insertInto('instance_facts').values({ name: 'secret_key_id', value: former.keyId }).execute()
    const id = await addChannel(former, 'token from before')
    await expect(open(SECOND)).rejects.toThrow(WrongSecretKeyError)
    const box = await open(FIRST)
    expect(await tokenOf(box, id)).toBe('token from before')
    expect(box.derive('webhook-secret/1')).toBe(former.derive('webhook-secret/1'))
    expect(box.hash('a', 'channel-token')).toEqual(former.hash('a', 'channel-token'))
  })

  it.each([
    ['without any key', 'delete from secret_keys'],
    ['without the key that seals', "delete from secret_keys where purpose = 'seal'"],
    ['without the key that hashes', "delete from secret_keys where purpose = 'hash'"],
    ['with a bit changed', 'update secret_keys set sealed = set_bit(sealed, 300, 1 - get_bit(sealed, 300))'],
    ['with a key cut short', 'update secret_keys set sealed = substring(sealed from 1 for 40)'],
    ['with two keys swapped', 'update secret_keys k set sealed = o.sealed from secret_keys o where o.id <> k.id'],
    ['that has lost what it is under', 'delete from instance_facts'],
  ])('%s is refused in one sentence', async (_name, damage) => {
    await open(FIRST)
    await sql.raw(damage).execute(test.db)
    await expect(open(FIRST)).rejects.toThrow(DamagedRingError)
  })

  it('takes nothing that is sealed with a key which is not in its ring', async () => {
    const box = await open(FIRST)
    const id = await addChannel(box, 'mine')
    const token_ciphertext = sealerOf(SECOND).seal('foreign', tokenBinding(id))
    const write = test.db.updateTable('channels').set({ token_ciphertext }).where('id', '=', id).execute()
    await expect(write).rejects.toMatchObject({ code: 'RV001' })
  })
})

describe('a change of SECRET_KEY', () => {
  it('seals every row anew, keeps hashes and derived secrets, and shuts out the old key', async () => {
    const before = await open(FIRST)
    const ids = await Promise.all(Array.from({ length: 205 }, (_, i) => addChannel(before, `token ${i}`)))
    expect(await change(FIRST, SECOND)).toBe(410)
    await expect(open(FIRST)).rejects.toThrow(WrongSecretKeyError)
    const after = await open(SECOND)
    expect(after.keyId).not.toBe(before.keyId)
    expect(after.derive('webhook-secret/1')).toBe(before.derive('webhook-secret/1'))
    for (const [i, id] of ids.entries()) expect(await tokenOf(after, id)).toBe(`token ${i}`)
    for (const column of SEALED_CHANNELS) expect(await countOthers(test.db, after.keyId, column)).toBe(0)
    expect(await test.db.selectFrom('secret_keys').select('handover').execute()).toEqual([
      { handover: null },
      { handover: null },
    ])
    expect(await change(FIRST, SECOND)).toBe(0)
  })

  it('is followed by a process that runs through two of them with the key it was started with', async () => {
    const running = await open(FIRST)
    const id = await addChannel(running, 'a token')
    const watch = new KeyRingWatch({ db: test.db, box: running, log: testLog, intervalMs: 20 })
    await watch.start()
    await change(FIRST, SECOND)
    await change(SECOND, THIRD)
    expect(await tokenOf(running, id)).toBe('a token')
    expect(running.keyId).toBe((await open(THIRD)).keyId)
    await watch.stop()
    expect(await test.db.selectFrom('secret_key_holders').selectAll().execute()).toEqual([])
  })

  it('waits for a living process that has not followed yet', async () => {
    const running = await open(FIRST)
    const watch = new KeyRingWatch({ db: test.db, box: running, log: testLog, intervalMs: 400 })
    await watch.start()
    await change(FIRST, SECOND)
    expect(running.keyId).toBe((await open(SECOND)).keyId)
    await watch.stop()
  })

  it('is told to a process that slept through it, which then seals nothing more', async () => {
    const asleep = await open(FIRST)
    const id = await addChannel(asleep, 'a token')
    await change(FIRST, SECOND)
    await expect(tokenOf(asleep, id)).rejects.toThrow(MissedKeyError)
    await expect(addChannel(asleep, 'another')).rejects.toMatchObject({ code: 'RV001' })
    const watch = new KeyRingWatch({ db: test.db, box: asleep, log: testLog })
    await watch.start()
    expect(await watch.missed).toBeInstanceOf(MissedKeyError)
    await watch.stop()
  })

  it('that was cut short leaves everything readable with the old key, and goes on when it is asked for again', async () => {
    const running = await open(FIRST)
    const ids = await Promise.all(Array.from({ length: 150 }, (_, i) => addChannel(running, `token ${i}`)))
    const [tokens, keys] = SEALED_CHANNELS
    const powerCut = () => {
      throw new Error('power cut')
    }
    const columns = [tokens, { ...keys, boundTo: powerCut }] as SealedColumn[]
    const half = changeSecretKey(test.db, new SecretBox(null), { from: FIRST, to: SECOND, columns })
    await expect(half).rejects.toThrow('power cut')
    const restarted = await open(FIRST)
    const added = await addChannel(running, 'sealed with the old key meanwhile')
    for (const box of [restarted, running]) {
      for (const [i, id] of ids.entries()) expect(await tokenOf(box, id)).toBe(`token ${i}`)
    }
    await expect(open(SECOND)).rejects.toThrow(WrongSecretKeyError)
    await change(FIRST, SECOND)
    expect(await tokenOf(await open(SECOND), added)).toBe('sealed with the old key meanwhile')
    expect(await test.db.selectFrom('secret_keys').select('id').execute()).toHaveLength(2)
  })

  it('is made once by two who ask for it at the same time', async () => {
    const box = await open(FIRST)
    // One by one: so many at once would wait for the few connections longer than they may.
    const ids: string[] = []
    for (let i = 0; i < 120; i++) ids.push(await addChannel(box, `token ${i}`))
    await Promise.all([change(FIRST, SECOND), change(FIRST, SECOND)])
    const after = await open(SECOND)
    for (const [i, id] of ids.entries()) expect(await tokenOf(after, id)).toBe(`token ${i}`)
  })

  it('with a wrong key changes nothing', async () => {
    const box = await open(FIRST)
    const id = await addChannel(box, 'a token')
    await expect(change(THIRD, SECOND)).rejects.toThrow(WrongSecretKeyError)
    expect(await tokenOf(await open(FIRST), id)).toBe('a token')
  })

  it('names the channel whose token is damaged and goes on once it is saved anew', async () => {
    const box = await open(FIRST)
    const id = await addChannel(box, 'a token')
    const sealed = box.seal('a token', 'somewhere else')
    await test.db.updateTable('channels').set({ token_ciphertext: sealed }).where('id', '=', id).execute()
    await expect(change(FIRST, SECOND)).rejects.toThrow(id)
    await expect(tokenOf(box, id)).rejects.toThrow(SealedError)
    const repaired = box.seal('new token', tokenBinding(id))
    await test.db.updateTable('channels').set({ token_ciphertext: repaired }).where('id', '=', id).execute()
    await change(FIRST, SECOND)
    expect(await tokenOf(await open(SECOND), id)).toBe('new token')
  })
})

it('every sealed column refuses unknown keys and is part of a change', async () => {
  const { rows } = await sql<{ named: string }>`
    select event_object_table || substring(action_statement from '\\(.*') as named from information_schema.triggers
    where action_statement like '%refuse_unknown_key%' and event_manipulation = 'UPDATE'
  `.execute(test.db)
  const sealed = Object.entries(Object.groupBy(SEALED_COLUMNS, ({ table }) => table)).map(
    ([table, columns = []]) => `${table}(${columns.map(({ column }) => `'${column}'`).join(', ')})`,
  )
  expect(rows.map(({ named }) => named).toSorted()).toEqual(sealed.toSorted())
})

it('no other column holds what a box has sealed', async () => {
  const { rows } = await sql<{ name: string }>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = current_schema() and data_type = 'bytea' and column_name !~ '(_hash|^dedupe_key)$'
  `.execute(test.db)
  const known = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`)
  // The ring itself, answers kept for a day under a key of their caller's, files and what they are known by.
  const ring = ['secret_keys.sealed', 'secret_keys.handover']
  const others = [...ring, 'idempotency_keys.answer', 'upload_chunks.bytes', 'media_chunks.bytes', 'media.sha256']
  expect(rows.map(({ name }) => name).filter((name) => ![...known, ...others].includes(name))).toEqual([])
})
