import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RECENTLY_WRITTEN } from '#contract/frequencyCap.ts'
import { besideTransaction, transaction } from '#server/db/transaction.ts'
import { buildCampaign, buildChannel, buildUser, holdLane, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { claimRecipients, type LaneHold } from './claimRecipients.ts'
import { eraseRecipients, findPlacesOf } from './eraseRecipients.ts'
import { getCounts, recount } from './recipientQueries.ts'
import { fillSendHistory, keepSendHistory, saveAccountCap, SEND_HISTORY_SWEEPS } from './sendHistory.ts'

const after = Number.MIN_SAFE_INTEGER

let test: TestDatabase
let userId: string

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.close())
beforeEach(async () => {
  userId = await buildUser(test.db)
})

type Held = { campaign: BuiltCampaign; lane: LaneHold }

/** A campaign to the same `recipients` people as any other here, on a channel of its own. */
async function newCampaign(recipients = 5): Promise<Held> {
  const channel = await buildChannel(test.db, userId)
  const campaign = await buildCampaign(test.db, { userId, channelId: channel.id }, { recipients })
  return { campaign, lane: await holdLane(test.db, campaign) }
}

const claim = ({ campaign, lane }: Held, limit: number, db = test.db) =>
  claimRecipients(db, lane, campaign.id, { after, limit })
const setCap = (count: number | null) =>
  transaction(test.db, (trx) => saveAccountCap(trx, userId, count === null ? null : { count, days: 7 }))
const noted = async () =>
  (await test.db.selectFrom('contact_sends').select('phone').where('user_id', '=', userId).execute()).length
const phoneOf = (n: number) => `+55119${String(10_000_000 + n)}`

async function fill(): Promise<void> {
  while (await fillSendHistory(test.db));
}

async function expectBalance({ campaign }: Held, expected: object): Promise<void> {
  const { counts, drifted } = await transaction(test.db, (trx) => recount(trx, userId, campaign.id))
  expect([drifted, counts]).toEqual([false, expect.objectContaining(expected)])
}

describe('a claim', () => {
  it('notes nothing for an account that has never used a cap', async () => {
    expect((await claim(await newCampaign(), 5)).recipients).toHaveLength(5)
    expect(await noted()).toBe(0)
  })

  it('leaves out whom another campaign holds, counts them as seen, and the books balance', async () => {
    const [one, other] = [await newCampaign(), await newCampaign()]
    await setCap(1)
    await fill()
    expect((await claim(one, 3)).recipients.map(({ id }) => id)).toEqual([1, 2, 3])
    const { recipients, seen } = await claim(other, 5)
    expect([recipients.map(({ id }) => id), seen]).toEqual([[4, 5], 5])
    await expectBalance(other, { skipped: 3, sending: 2, pending: 0 })
    const left = await test.db
      .selectFrom('campaign_contacts')
      .select(['id', 'error_code', 'rendered_at'])
      .where('campaign_id', '=', other.campaign.id)
      .where('status', '=', 'skipped')
      .orderBy('id')
      .execute()
    expect(left).toEqual([1, 2, 3].map((id) => ({ id, error_code: RECENTLY_WRITTEN, rendered_at: null })))
  })

  it('waits for one that is not committed yet, and then sees whom it took', async () => {
    const [one, other] = [await newCampaign(), await newCampaign()]
    await setCap(1)
    await fill()
    const { second } = await transaction(test.db, async (trx) => {
      expect((await claim(one, 5, trx)).recipients).toHaveLength(5)
      const waiting = besideTransaction(() => claim(other, 5))
      await sleep(300)
      return { second: waiting }
    })
    expect(await second).toMatchObject({ recipients: [], seen: 5 })
  })

  it('that was given back stops nobody, neither itself nor another campaign', async () => {
    const one = await newCampaign(2)
    await setCap(1)
    await fill()
    await claim(one, 2)
    await test.db
      .updateTable('campaign_contacts')
      .set({ status: 'pending', claim_epoch: null })
      .where('campaign_id', '=', one.campaign.id)
      .execute()
    await transaction(test.db, (trx) => recount(trx, userId, one.campaign.id))
    expect((await claim(one, 1)).recipients).toHaveLength(1)
    // The second got nothing, so another campaign may write to them.
    expect((await claim(await newCampaign(2), 2)).recipients.map(({ id }) => id)).toEqual([2])
  })

  it('lets as many through as the cap allows', async () => {
    await setCap(2)
    await fill()
    const ended = []
    for (let n = 0; n < 3; n++) ended.push((await claim(await newCampaign(), 5)).recipients.length)
    expect(ended).toEqual([5, 5, 0])
  })
})

describe('what was sent before the first cap', () => {
  it('is noted piece by piece, once, and only what somebody may have got', async () => {
    const before = await newCampaign(12_000)
    const set = (status: 'sent' | 'failed' | 'skipped', from: number, to: number, sentAt = new Date()) =>
      test.db
        .updateTable('campaign_contacts')
        .set({ status, rendered_at: sentAt })
        .where('campaign_id', '=', before.campaign.id)
        .where('id', '>=', from)
        .where('id', '<=', to)
        .execute()
    await set('sent', 1, 11_000)
    await set('sent', 100, 199, new Date(Date.now() - 100 * 86_400_000))
    await set('failed', 11_001, 11_500)
    await transaction(test.db, (trx) => keepSendHistory(trx, userId))
    await transaction(test.db, (trx) => keepSendHistory(trx, userId))
    await fill()
    expect(await noted()).toBe(10_900)
    const history = await test.db
      .selectFrom('send_histories')
      .selectAll()
      .where('user_id', '=', userId)
      .executeTakeFirst()
    expect(history).toMatchObject({ ready: true, cap_count: null })
    expect(await fillSendHistory(test.db)).toBe(false)
  }, 60_000)

  it('of somebody who is erased is forgotten, and what no cap can ask for leaves with the daily job', async () => {
    const one = await newCampaign(3)
    await setCap(1)
    await fill()
    await claim(one, 3)
    await test.db
      .updateTable('campaign_contacts')
      .set({ status: 'sent' })
      .where('campaign_id', '=', one.campaign.id)
      .execute()
    const phone = phoneOf(1)
    const places = await findPlacesOf(test.db, userId, phone)
    await transaction(test.db, (trx) => eraseRecipients(trx, userId, { phone, spellings: [] }, places))
    expect(await noted()).toBe(2)
    await test.db
      .updateTable('contact_sends')
      .set({ sent_at: new Date(Date.now() - 91 * 86_400_000) })
      .where('user_id', '=', userId)
      .where('phone', '=', phoneOf(2))
      .execute()
    const [sweep] = SEND_HISTORY_SWEEPS
    expect([await sweep?.count(test.db), await sweep?.removeSome(test.db, 100)]).toEqual([1, 1])
    expect(await noted()).toBe(1)
    expect((await getCounts(test.db, userId, one.campaign.id)).pending).toBe(0)
  })
})
