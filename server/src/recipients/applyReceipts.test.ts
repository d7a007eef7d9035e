import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { totalOf } from '#contract/states.ts'
import { transaction } from '#server/db/transaction.ts'
import { buildCampaign, buildChannel, buildUser, holdLane, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { applyReceipts, type Receipt } from './applyReceipts.ts'
import { claimRecipients, type LaneHold } from './claimRecipients.ts'
import { recount } from './recipientQueries.ts'
import { settleRecipients, type Settlement } from './settleRecipients.ts'

const NOT_THERE = { category: 'INVALID_NUMBER' as const, code: 'META_131026', message: 'Message undeliverable' }
const RECIPIENTS = 30

let test: TestDatabase
let campaign: BuiltCampaign
let lane: LaneHold

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(async () => test.close())

beforeEach(async () => {
  const userId = await buildUser(test.db)
  const channel = await buildChannel(test.db, userId)
  campaign = await buildCampaign(test.db, { userId, channelId: channel.id }, { recipients: RECIPIENTS })
  lane = await holdLane(test.db, campaign)
})

it('in all 24 orders the rank only rises: who was delivered to never fails, who failed stays failed', async () => {
  const orders = permutations<Receipt['state']>(['sent', 'delivered', 'read', 'failed'])
  await claimAndSettle(orders.length, { status: 'sent' })
  for (let turn = 0; turn < 4; turn++)
    await apply(...orders.map((order, index) => receipt(index + 1, order[turn] ?? 'sent')))
  const arrived = orders.filter(
    (order) => order.indexOf('failed') > Math.min(order.indexOf('delivered'), order.indexOf('read')),
  )
  expect(await statuses(orders.length)).toEqual(orders.map((order) => (arrived.includes(order) ? 'read' : 'failed')))
  await expectBalance({ read: 16, failed: 8, sent: 0 })
  expect(await failureCounts()).toEqual({ INVALID_NUMBER: 8 })
  expect(await errorLog()).toHaveLength(24)
})

it('a failure that comes together with the delivery is noted and not applied', async () => {
  await claimAndSettle(1, { status: 'sent' })
  await apply(receipt(1, 'failed'), receipt(1, 'delivered'), receipt(1, 'sent'))
  await expectBalance({ delivered: 1, failed: 0 })
  expect(await errorLog()).toMatchObject([{ contact_id: 1, error_type: 'INVALID_NUMBER', error_code: 'META_131026' }])
})

it('the same failures five times over move and log once', async () => {
  await claimAndSettle(3, { status: 'sent' })
  const failures = [receipt(1, 'failed'), receipt(2, 'failed'), receipt(3, 'delivered')]
  expect(await apply(...failures, ...failures)).toEqual({ moved: 3 })
  await Promise.all([apply(...failures), apply(...failures), apply(...failures)])
  await expectBalance({ failed: 2, delivered: 1 })
  expect(await errorLog()).toHaveLength(2)
})

it('a report resolves a message of unknown fate, either way', async () => {
  await claimAndSettle(3, { status: 'unknown', maybeSent: true })
  await apply(receipt(1, 'sent'), receipt(2, 'failed'), receipt(3, 'read'))
  await expectBalance({ sent: 1, failed: 1, read: 1, unknown: 0 })
})

it('a report before the settle decides, and the settle leaves the row where it is', async () => {
  const { recipients: claimed } = await claimRecipients(test.db, lane, campaign.id, {
    after: Number.MIN_SAFE_INTEGER,
    limit: 2,
  })
  await apply(receipt(1, 'failed'), receipt(2, 'sent'))
  expect(
    await settle(
      claimed.map(({ id }) => id),
      { status: 'sent' },
    ),
  ).toMatchObject({ moved: 0 })
  await expectBalance({ failed: 1, sent: 1, sending: 0 })
})

it('a report that a message went out ends its wait for another attempt, a failure leaves it waiting', async () => {
  await claimAndSettle(2, { status: 'retrying', retryInMs: 60_000 })
  await apply(receipt(1, 'sent'), receipt(2, 'failed'))
  await expectBalance({ sent: 1, retrying: 1, failed: 0 })
})

it('touches nobody who was not written to', async () => {
  expect(await apply(receipt(1, 'sent'), receipt(2, 'failed'), receipt(3, 'delivered'))).toEqual({ moved: 0 })
  await expectBalance({ pending: RECIPIENTS })
})

it('a failure without a reason is counted as an error of the gateway', async () => {
  await claimAndSettle(1, { status: 'sent' })
  await apply({ ...receipt(1, 'failed'), failure: null })
  expect(await failureCounts()).toEqual({ API_ERROR: 1 })
})

it('a failure that no attempt can mend ends the wait for another one', async () => {
  await claimAndSettle(1, { status: 'retrying', retryInMs: 60_000 })
  await apply({ ...receipt(1, 'failed'), failure: { ...NOT_THERE, permanent: true } })
  await expectBalance({ retrying: 0, failed: 1 })
  expect(await errorLog()).toHaveLength(1)
})

function receipt(id: number, state: Receipt['state']): Receipt {
  return {
    campaignId: campaign.id,
    id,
    step: 0,
    isLastStep: true,
    state,
    failure: state === 'failed' ? NOT_THERE : null,
  }
}

function apply(...receipts: Receipt[]): Promise<{ moved: number }> {
  return transaction(test.db, (trx) => applyReceipts(trx, campaign.userId, receipts))
}

async function claimAndSettle(count: number, changes: Partial<Settlement>): Promise<void> {
  const { recipients: claimed } = await claimRecipients(test.db, lane, campaign.id, {
    after: Number.MIN_SAFE_INTEGER,
    limit: count,
  })
  expect(claimed).toHaveLength(count)
  await settle(
    claimed.map(({ id }) => id),
    changes,
  )
}

function settle(ids: number[], changes: Partial<Settlement>) {
  const common = {
    campaignId: campaign.id,
    step: 0,
    attempts: 1,
    resends: 0,
    maybeSent: false,
    finishedStep: null,
    gatewayId: null,
    retryInMs: null,
    error: null,
  }
  return settleRecipients(
    test.db,
    lane,
    ids.map((id) => ({ ...common, id, status: 'sent' as const, ...changes })),
    { nextSlotInMs: null, backOffInMs: null },
  )
}

async function statuses(count: number): Promise<string[]> {
  const rows = await test.db
    .selectFrom('campaign_contacts')
    .select(['id', 'status'])
    .where('campaign_id', '=', campaign.id)
    .orderBy('id')
    .execute()
  return rows.slice(0, count).map(({ status }) => status)
}

/** The counters say what the rows say. */
async function expectBalance(expected: Record<string, number>): Promise<void> {
  const { counts, drifted } = await transaction(test.db, (trx) => recount(trx, campaign.userId, campaign.id))
  expect(drifted).toBe(false)
  expect(totalOf(counts)).toBe(RECIPIENTS)
  expect(counts).toMatchObject(expected)
}

async function failureCounts(): Promise<Record<string, number>> {
  const rows = await test.db
    .selectFrom('campaign_failure_counts')
    .selectAll()
    .where('campaign_id', '=', campaign.id)
    .execute()
  return Object.fromEntries(rows.map(({ category, failed }) => [category, failed]))
}

function errorLog() {
  return test.db.selectFrom('campaign_error_logs').selectAll().where('campaign_id', '=', campaign.id).execute()
}

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items]
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}
