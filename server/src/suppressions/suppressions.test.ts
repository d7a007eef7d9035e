import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Suppression } from '#contract/suppressions.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { findSuppressed } from './SuppressionList.ts'
import { suppressionRoutes } from './suppressionRoutes.ts'
import { SuppressionService } from './SuppressionService.ts'

let test: TestDatabase
let app: FastifyInstance
let user: Awaited<ReturnType<typeof signInAs>>
let rung = 0

beforeAll(async () => {
  test = await createTestDatabase({ max: 10 })
  const bell = new Bell()
  bell.onRing(() => (rung += 1))
  const suppressions = new SuppressionService({ db: test.db, audit: new AuditLogger(), list: testSuppressions, bell })
  app = await createTestApp(test.db, { routes: [suppressionRoutes({ suppressions })] })
})
afterAll(async () => {
  await app.close()
  await test.close()
})
beforeEach(async () => {
  user = await signInAs(app, test.db, 'user')
  rung = 0
})

function call(method: 'GET' | 'POST' | 'DELETE', path = '', payload?: object) {
  return app.inject({
    method,
    url: `/api/user/suppressions${path}`,
    headers: { cookie: user.cookie },
    ...(payload === undefined ? {} : { payload }),
  })
}

const versionOf = async (userId: string) =>
  (await test.db.selectFrom('suppression_versions').select('version').where('user_id', '=', userId).executeTakeFirst())
    ?.version ?? 0

describe('numbers that are suppressed', () => {
  it('are read in any spelling, each person once, and every line is accounted for', async () => {
    const phones = ['(11) 98765-4321', '+55 11 98765 4321', '11 8765-4321', 'Maria', '21 3333-4444', '']
    const answer = await call('POST', '', { phones, reason: 'complained', note: 'por e-mail' })
    expect(answer.json()).toEqual({
      added: 2,
      known: 2,
      refused: [
        { line: 4, input: 'Maria', reason: 'NOT_A_NUMBER' },
        { line: 6, input: '', reason: 'EMPTY' },
      ],
    })
    expect([rung, await versionOf(user.id)]).toEqual([1, 1])
    expect((await call('POST', '', { phones: ['11 98765-4321'] })).json()).toMatchObject({ added: 0, known: 1 })
    expect([rung, await versionOf(user.id)]).toEqual([1, 1])
    const { items } = (await call('GET')).json<{ items: Suppression[] }>()
    expect(new Set(items.map(({ phone, reason, note }) => `${phone} ${reason} ${note}`))).toEqual(
      new Set(['+5511987654321 complained por e-mail', '+552133334444 complained por e-mail']),
    )
  })

  it('are listed newest first, page by page, each once', async () => {
    const phones = Array.from({ length: 7 }, (_, n) => `+55119876500${String(n).padStart(2, '0')}`)
    for (const phone of phones) await call('POST', '', { phones: [phone] })
    const seen: (string | null)[] = []
    let path = '?limit=3'
    for (;;) {
      const page = (await call('GET', path)).json<{ items: Suppression[]; nextCursor: string | null }>()
      seen.push(...page.items.map(({ phone }) => phone))
      if (page.nextCursor === null) break
      path = `?limit=3&cursor=${page.nextCursor}`
    }
    expect(seen).toEqual(phones.toReversed())
    expect((await call('GET', '?cursor=x')).statusCode).toBe(400)
  })

  it('are taken off the list by their id, in the account they belong to, and whoever sends is told', async () => {
    await call('POST', '', { phones: ['+5511987654321'] })
    const [found] = (await call('GET')).json<{ items: Suppression[] }>().items
    const owner = user
    user = await signInAs(app, test.db, 'user')
    expect((await call('DELETE', `/${found?.id}`)).statusCode).toBe(404)
    expect(await findSuppressed(test.db, owner.id, ['+5511987654321'])).toEqual(new Set(['+5511987654321']))
    user = owner
    expect((await call('DELETE', `/${found?.id}`)).statusCode).toBe(204)
    expect(await findSuppressed(test.db, owner.id, ['+5511987654321'])).toEqual(new Set())
    expect(await versionOf(owner.id)).toBe(2)
    expect((await call('DELETE', `/${found?.id}`)).statusCode).toBe(404)
  })

  it('ten thousand come in one request; one more, an unknown field or an invented reason is refused', async () => {
    const phones = Array.from({ length: 10_000 }, (_, n) => `+55119${80_000_000 + n}`)
    expect((await call('POST', '', { phones })).json()).toEqual({ added: 10_000, known: 0, refused: [] })
    const wrong = [{ phones: [...phones, 'x'] }, { phones: [] }, { phones: ['x'], a: 1 }, { phones, reason: 'erased' }]
    for (const body of wrong) expect((await call('POST', '', body)).statusCode).toBe(400)
  })

  it('by many requests for one person in the same moment are answered, and store them once', async () => {
    for (let round = 0; round < 40; round++) {
      const phones = [`+55119765${String(round).padStart(5, '0')}`]
      const answers = await Promise.all(Array.from({ length: 8 }, () => call('POST', '', { phones })))
      expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(answers[0]?.statusCode))
      expect(answers.reduce((sum, answer) => sum + answer.json<{ added: number }>().added, 0)).toBe(1)
    }
  })

  it('by many requests at once are stored once', async () => {
    const phones = Array.from({ length: 200 }, (_, n) => `+55119${81_000_000 + n}`)
    const orders = [phones, phones.toReversed(), phones, phones.toReversed(), phones, phones.toReversed()]
    const answers = await Promise.all(orders.map((order) => call('POST', '', { phones: order })))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(orders.map(() => 200))
    expect(answers.reduce((sum, answer) => sum + answer.json<{ added: number }>().added, 0)).toBe(200)
  })
})

it('two accounts do not see by their rows that they suppress one person', () => {
  const [one, other] = ['a', 'b'].map((userId) => testSuppressions.hashOf(userId, '+5511987654321').toString('hex'))
  expect(one).not.toBe(other)
})
