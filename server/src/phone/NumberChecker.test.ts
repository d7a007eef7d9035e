import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sql } from 'kysely'
import type { CheckObstacle } from '#contract/phones.ts'
import { AppError } from '#server/lib/AppError.ts'
import { buildUser, testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { addressOf, BATCH_SIZE, NumberChecker, type GatewayAnswer, type NumberGateway } from './NumberChecker.ts'
import { PhoneCache } from './PhoneCache.ts'

const CHANNEL = '00000000-0000-4000-8000-000000000001'
const OTHER_CHANNEL = '00000000-0000-4000-8000-000000000002'

let test: TestDatabase
let userId: string

beforeAll(async () => {
  test = await createTestDatabase({ max: 10 })
})
afterAll(() => test.close())
beforeEach(async () => {
  userId = await buildUser(test.db)
})

const phoneOf = (n: number) => `+55119${String(80_000_000 + n)}`
const phones = (from: number, count: number) => Array.from({ length: count }, (_, n) => phoneOf(from + n))
const onWhatsapp = (phone: string): GatewayAnswer => ({
  phone,
  isOnWhatsapp: true,
  jid: `${phone.slice(1)}@s.whatsapp.net`,
})

/** A gateway that says what it is told to, and remembers what it was asked. */
class Gateway implements NumberGateway {
  readonly asked: string[][] = []
  answer: (phones: string[]) => { answers: GatewayAnswer[] } | { obstacle: CheckObstacle } = (asked) => ({
    answers: asked.map(onWhatsapp),
  })

  async findObstacle(): Promise<CheckObstacle | null> {
    return null
  }

  async ask(_userId: string, _channelId: string, asked: string[]) {
    this.asked.push(asked)
    return this.answer(asked)
  }
}

/** As in a process of its own. */
function newChecker(gateway: NumberGateway, perHour = 200): NumberChecker {
  return new NumberChecker({
    db: test.db,
    cache: new PhoneCache(),
    gateway,
    perHour,
    findErased: (trx, owner, asked) => testSuppressions.lockAndFindErased(trx, owner, asked),
    pauseMs: 0,
  })
}

async function letPass(hours: number): Promise<void> {
  await sql`
    update phone_check_budgets
    set asked = (select array_agg(at - make_interval(secs => ${hours * 3600}) order by at) from unnest(asked) as at)
    where user_id = ${userId}
  `.execute(test.db)
  await sql`
    update phone_checks set checked_at = checked_at - make_interval(secs => ${hours * 3600}) where user_id = ${userId}
  `.execute(test.db)
}

function storedRows() {
  return test.db
    .selectFrom('phone_checks')
    .select(['phone', 'is_on_whatsapp', 'jid', 'send_to', 'channel_id'])
    .where('user_id', '=', userId)
    .orderBy('phone')
    .execute()
}

describe('an answer', () => {
  it('is asked for once, whatever channel and process wants it within a day, and again after it', async () => {
    const gateway = new Gateway()
    const first = newChecker(gateway)
    expect((await first.check(userId, CHANNEL, [phoneOf(1)])).answers.get(phoneOf(1))).toMatchObject({
      isOnWhatsapp: true,
    })
    await first.check(userId, OTHER_CHANNEL, [phoneOf(1)])
    await letPass(23)
    const known = await newChecker(gateway).check(userId, OTHER_CHANNEL, [phoneOf(1)])
    expect(known.answers.get(phoneOf(1))?.jid).toBe('5511980000001@s.whatsapp.net')
    expect(gateway.asked).toEqual([[phoneOf(1)]])
    await letPass(2)
    await newChecker(gateway).check(userId, OTHER_CHANNEL, [phoneOf(1)])
    expect(gateway.asked).toHaveLength(2)
    expect(await storedRows()).toMatchObject([{ channel_id: OTHER_CHANNEL }])
  })

  it('is of one account alone', async () => {
    const gateway = new Gateway()
    const checker = newChecker(gateway)
    await checker.check(userId, CHANNEL, [phoneOf(1)])
    await checker.check(await buildUser(test.db), CHANNEL, [phoneOf(1)])
    expect(gateway.asked).toHaveLength(2)
  })

  it('from memory is as old as it is, not as when memory heard of it', async () => {
    const gateway = new Gateway()
    await newChecker(gateway).check(userId, CHANNEL, [phoneOf(1)])
    await letPass(23)
    let now = 1
    const cache = new PhoneCache({ now: () => now })
    const checker = new NumberChecker({
      db: test.db,
      cache,
      gateway,
      perHour: 10,
      findErased: async () => new Set(),
    })
    await checker.check(userId, CHANNEL, [phoneOf(1)])
    expect(cache.has(userId, phoneOf(1))).toBe(true)
    now += 2 * 3_600_000
    expect(cache.has(userId, phoneOf(1))).toBe(false)
  })

  it('belongs to the number it names, whatever the order; who is left out stays unknown and nobody else gets in', async () => {
    const gateway = new Gateway()
    gateway.answer = (asked) => ({
      answers: [
        { phone: '+5511999999999', isOnWhatsapp: true, jid: null },
        ...asked
          .toReversed()
          .filter((phone) => phone !== phoneOf(2))
          .map((phone) => ({ ...onWhatsapp(phone), isOnWhatsapp: phone !== phoneOf(3) })),
      ],
    })
    const { answers, obstacle } = await newChecker(gateway).check(userId, CHANNEL, phones(1, 4))
    expect(answers.size).toBe(3)
    expect([1, 3, 4].map((n) => answers.get(phoneOf(n))?.isOnWhatsapp)).toEqual([true, false, true])
    expect(obstacle).toBe('NO_ANSWER')
    expect((await storedRows()).map(({ phone }) => phone)).toEqual([phoneOf(1), phoneOf(3), phoneOf(4)])
  })

  it('about somebody who was erased is told and not stored', async () => {
    const hash = testSuppressions.hashOf(userId, phoneOf(2))
    await test.db
      .insertInto('suppressions')
      .values({ user_id: userId, phone_hash: hash, phone: null, reason: 'erased', source: 'erasure', note: null })
      .execute()
    const checker = newChecker(new Gateway())
    const { answers } = await checker.check(userId, CHANNEL, phones(1, 2))
    expect([...answers.keys()].toSorted()).toEqual(phones(1, 2))
    expect((await storedRows()).map(({ phone }) => phone)).toEqual([phoneOf(1)])
    expect((await checker.findKnown(userId, phones(1, 2))).has(phoneOf(2))).toBe(false)
  })
})

describe('the gateway', () => {
  it('is asked in batches, each number once', async () => {
    const gateway = new Gateway()
    const wanted = phones(1, 120)
    const { answers, obstacle } = await newChecker(gateway).check(userId, CHANNEL, [...wanted, ...wanted])
    expect(gateway.asked.map((batch) => batch.length)).toEqual([BATCH_SIZE, BATCH_SIZE, 20])
    expect([answers.size, obstacle]).toEqual([120, null])
  })

  it('is not asked more in any hour than the budget allows, and the rest is said to be unknown', async () => {
    const gateway = new Gateway()
    const checker = newChecker(gateway, 60)
    const first = await checker.check(userId, CHANNEL, phones(1, 75))
    expect([first.answers.size, first.obstacle]).toEqual([60, 'BUDGET_USED'])
    expect(first.retryAfterSeconds).toBeGreaterThan(3590)
    expect(first.retryAfterSeconds).toBeLessThanOrEqual(3600)
    await letPass(0.5)
    const half = await checker.check(userId, CHANNEL, phones(1, 75))
    expect([half.answers.size, half.obstacle]).toEqual([60, 'BUDGET_USED'])
    expect(half.retryAfterSeconds).toBeLessThanOrEqual(1800)
    expect((await checker.check(userId, OTHER_CHANNEL, phones(61, 1))).obstacle).toBeNull()
    await letPass(0.51)
    expect((await checker.check(userId, CHANNEL, phones(1, 75))).obstacle).toBeNull()
    expect(gateway.asked.flat()).toHaveLength(75)
  })

  it('is not asked more by several processes at once either', async () => {
    const gateway = new Gateway()
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, n) => newChecker(gateway, 35).check(userId, CHANNEL, phones(n * 10, 10))),
    )
    expect(gateway.asked.flat()).toHaveLength(35)
    expect(results.reduce((sum, { answers }) => sum + answers.size, 0)).toBe(35)
  })

  it('is never asked where the budget is none', async () => {
    const gateway = new Gateway()
    const { obstacle, retryAfterSeconds } = await newChecker(gateway, 0).check(userId, CHANNEL, [phoneOf(1)])
    expect([obstacle, retryAfterSeconds, gateway.asked.length]).toEqual(['BUDGET_USED', null, 0])
  })

  it('that is away costs nothing of the budget', async () => {
    const gateway = new Gateway()
    gateway.answer = () => ({ obstacle: 'DISCONNECTED' })
    const checker = newChecker(gateway, 3)
    for (let n = 0; n < 5; n++)
      expect(await checker.check(userId, CHANNEL, phones(1, 3))).toMatchObject({ obstacle: 'DISCONNECTED' })
    gateway.answer = (asked) => ({ answers: asked.map(onWhatsapp) })
    expect((await checker.check(userId, CHANNEL, phones(1, 3))).obstacle).toBeNull()
  })

  it('whose number WhatsApp has slowed down is left alone for an hour', async () => {
    const gateway = new Gateway()
    gateway.answer = () => ({ obstacle: 'RATE_LIMIT' })
    const checker = newChecker(gateway, 100)
    expect(await checker.check(userId, CHANNEL, phones(1, 75))).toMatchObject({ obstacle: 'RATE_LIMIT' })
    expect(await checker.check(userId, CHANNEL, phones(1, 1))).toMatchObject({ obstacle: 'BUDGET_USED' })
    expect(gateway.asked).toHaveLength(1)
  })

  it('of somebody else is not found, also where the answer is known', async () => {
    const gateway = new Gateway()
    await newChecker(gateway).check(userId, CHANNEL, [phoneOf(1)])
    gateway.findObstacle = () => Promise.reject(new AppError('NOT_FOUND'))
    await expect(newChecker(gateway).check(userId, CHANNEL, [phoneOf(1)])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

it.each([
  ['+5511980000001', '5511980000001@s.whatsapp.net', null],
  ['+5511980000001', '551180000001@s.whatsapp.net', '551180000001@s.whatsapp.net'],
  ['+525512345678', '5215512345678@s.whatsapp.net', '5215512345678@s.whatsapp.net'],
  ['+5511980000001', '5511980000002@s.whatsapp.net', null],
  ['+5511980000001', '551180000002@s.whatsapp.net', null],
  ['+5511980000001', '123456789012345@lid', null],
  ['+5511980000001', '551180000001:12@s.whatsapp.net', null],
  ['+5511980000001', '551180000001@g.us', null],
  ['+5511980000001', 'x', null],
])('of %s, known as %s, the address to send to is %s', (phone, jid, address) => {
  expect(addressOf(phone, jid)).toBe(address)
})
