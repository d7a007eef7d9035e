import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CreatedApiKey } from '#contract/auth.ts'
import { Claim, deleteExpiredIdempotencyKeys } from '#server/auth/idempotencyKeys.ts'
import { transaction } from '#server/db/transaction.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { bearerFor, createTestApp, signInAs, TEST_SECRET_KEY } from './testApp.ts'

const URL = '/api/user/api-keys'

let test: TestDatabase
let app: FastifyInstance
let user: { id: string; cookie: string }
let somebody: { id: string; cookie: string }

beforeAll(async () => {
  test = await createTestDatabase()
  app = await createTestApp(test.db)
  user = await signInAs(app, test.db, 'user')
  somebody = await signInAs(app, test.db, 'user')
})
afterAll(async () => {
  await app.close()
  await test.close()
})
beforeEach(async () => {
  await test.db.deleteFrom('idempotency_keys').execute()
  await test.db.deleteFrom('api_keys').execute()
})

const post = (key: string, payload: object, headers: Record<string, string> = { cookie: user.cookie }) =>
  app.inject({ method: 'POST', url: URL, headers: { ...headers, 'idempotency-key': key }, payload })
const keysOf = async (userId: string) =>
  (await test.db.selectFrom('api_keys').select('id').where('user_id', '=', userId).execute()).length
const claimOf = (key: string, content = 'x') =>
  new Claim(test.db, new SecretBox(TEST_SECRET_KEY), { userId: user.id, route: `POST ${URL}`, key, content })
const age = (userId: string, changes: { claim_expires_at?: unknown; expires_at?: unknown }) =>
  test.db
    .updateTable('idempotency_keys')
    .set(changes as { expires_at: Date })
    .where('user_id', '=', userId)
    .execute()
const PAST = sql<Date>`clock_timestamp() - interval '1 second'`

describe('a creation under an Idempotency-Key', () => {
  it('of twenty at once is carried out once, and each gets the same bytes, the secret included', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('double-click', { name: 'one' })))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 20 }, () => 201))
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(19)
    expect(await keysOf(user.id)).toBe(1)
    const { key } = answers[7]?.json<CreatedApiKey>() ?? { key: '' }
    const me = await app.inject({ url: '/api/me', headers: { authorization: `Bearer ${key}` } })
    expect(me.json().id).toBe(user.id)
  })

  it('is answered again for the same body, and refused when the body says something else', async () => {
    const first = await post('k', { name: 'one' })
    const other = await post('k', { name: 'two' })
    expect([other.statusCode, other.json().error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect((await post('k', { name: 'one' })).body).toBe(first.body)
    expect(await keysOf(user.id)).toBe(1)
  })

  it('is another one for another user', async () => {
    const mine = await post('shared', { name: 'one' })
    const theirs = await post('shared', { name: 'one' }, { cookie: somebody.cookie })
    expect(theirs.json().id).not.toBe(mine.json().id)
  })

  it('keeps no secret that database and SECRET_KEY could open together', async () => {
    const { key } = (await post('a-key-of-mine', { name: 'one' })).json<CreatedApiKey>()
    const dump = JSON.stringify(await test.db.selectFrom('idempotency_keys').selectAll().execute())
    const bytes = Buffer.concat(
      (await test.db.selectFrom('idempotency_keys').select('answer').execute()).map(
        ({ answer }) => answer ?? Buffer.of(),
      ),
    ).toString('latin1')
    for (const secret of [key, key.slice(4, 14), 'a-key-of-mine']) {
      expect(dump).not.toContain(secret)
      expect(bytes).not.toContain(secret)
    }
    const row = await test.db
      .selectFrom('idempotency_keys')
      .select('answer')
      .where('user_id', '=', user.id)
      .executeTakeFirstOrThrow()
    const place = `idempotency_keys/${user.id}/POST ${URL}`
    await expect(new SecretBox(TEST_SECRET_KEY).open(row.answer ?? Buffer.of(), place)).rejects.toThrow(
      /another SECRET_KEY/,
    )
  })

  it('is not answered to an API key when a session asked for it', async () => {
    const { headers } = await bearerFor(app, user.cookie)
    await post('k', { name: 'one' })
    const stolen = await post('k', { name: 'one' }, headers)
    expect([stolen.statusCode, stolen.body.includes('rvd_')]).toEqual([422, false])
  })

  it('that was refused may be asked for again with another body', async () => {
    expect((await post('k', { name: '' })).statusCode).toBe(400)
    expect((await post('k', { name: 'right' })).statusCode).toBe(201)
  })

  it('is carried out anew after 24 hours, and then its answer is gone', async () => {
    const first = await post('k', { name: 'one' })
    await age(user.id, { expires_at: PAST })
    const second = await post('k', { name: 'one' })
    expect(second.json().id).not.toBe(first.json().id)
    await age(user.id, { expires_at: PAST })
    await deleteExpiredIdempotencyKeys(test.db)
    const rows = await test.db.selectFrom('idempotency_keys').select('route').where('user_id', '=', user.id).execute()
    expect(rows).toEqual([])
  })

  it.each(['', ' ', 'ã', 'x'.repeat(256), 'two words'])('is refused when the key is %j', async (key) => {
    const answer = await post(key, { name: 'one' })
    expect([answer.statusCode, answer.json().error.details[0].field]).toEqual([400, 'Idempotency-Key'])
  })
})

describe('a process that died or stalled with a claim', () => {
  it('before anything was created: the repeat takes over, and the stalled one can no longer create', async () => {
    const stalled = claimOf('k')
    expect(await stalled.take()).toBe(true)
    const repeat = claimOf('k')
    expect([await repeat.take(), await repeat.findAnswer()]).toEqual([false, null])
    await age(user.id, { claim_expires_at: PAST })
    expect(await repeat.take()).toBe(true)
    const late = transaction(test.db, (trx) => stalled.remember(trx, { id: 1 }))
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' })
    await transaction(test.db, (trx) => repeat.remember(trx, { id: 2 }))
    expect(await claimOf('k').findAnswer()).toEqual({ answer: { id: 2 } })
    await stalled.finish({ id: 1 })
    await stalled.release()
    expect(await claimOf('k').findAnswer()).toEqual({ answer: { id: 2 } })
  })

  it('after it created: the repeat gets what is remembered, and nothing is created again', async () => {
    const dead = claimOf('k')
    await dead.take()
    await transaction(test.db, (trx) => dead.remember(trx, { id: 1 }, { mayChange: true }))
    expect([await claimOf('k').take(), await claimOf('k').findAnswer()]).toEqual([false, null])
    await age(user.id, { claim_expires_at: PAST })
    expect([await claimOf('k').take(), await claimOf('k').findAnswer()]).toEqual([false, { answer: { id: 1 } }])
  })

  it('keeps its key for the same request: another one is refused also then', async () => {
    await claimOf('k').take()
    await age(user.id, { claim_expires_at: PAST })
    const other = claimOf('k', 'y')
    expect(await other.take()).toBe(false)
    await expect(other.findAnswer()).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  it('rolls the answer back with the creation', async () => {
    const claim = claimOf('k')
    await claim.take()
    const failing = transaction(test.db, async (trx) => {
      await claim.remember(trx, { id: 1 })
      throw new Error('disk full')
    })
    await expect(failing).rejects.toThrow('disk full')
    await claim.release()
    expect(await claimOf('k').take()).toBe(true)
  })
})
