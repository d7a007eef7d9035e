import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import { totalOf, type CampaignStatus } from '#contract/states.ts'
import { transaction } from '#server/db/transaction.ts'
import { buildCampaign, buildChannel, buildUser, holdLane, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { applyReceipts, type Receipt } from './applyReceipts.ts'
import { claimRecipients, type LaneHold } from './claimRecipients.ts'
import { findByGatewayIds } from './gatewayIds.ts'
import { recount } from './recipientQueries.ts'
import { settleRecipients, type Settlement } from './settleRecipients.ts'

const MESSAGES: CampaignMessage[] = [
  { type: 'text', content: 'um' },
  { type: 'text', content: 'dois', delayBeforeMs: 60_000 },
  { type: 'text', content: 'três' },
]
const NOT_THERE = {
  category: 'INVALID_NUMBER' as const,
  code: 'META_131026',
  message: 'Undeliverable',
  permanent: true,
}
const RECIPIENTS = 4
/** Row 1 stands at step 1, of which `retrying` says that nothing has left; step 0 is done. */
const AT_STEP_1 = { status: 'retrying', step: 1, finishedStep: 0, attempts: 0, retryInMs: 60_000 } as const

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
  const owner = { userId, channelId: channel.id }
  campaign = await buildCampaign(test.db, owner, { recipients: RECIPIENTS, messages: MESSAGES })
  lane = await holdLane(test.db, campaign)
})

describe('a failure reported for one step', () => {
  it('ends a sequence that has gone on, is logged once however often it comes, and counts', async () => {
    await claimAndSettle(1, AT_STEP_1)
    await apply(receipt(1, 0, 'failed'), receipt(1, 0, 'failed'))
    await apply(receipt(1, 0, 'failed'))
    await expectBalance({ retrying: 0, failed: 1 })
    expect(await row(1)).toMatchObject({ status: 'failed', error_category: 'INVALID_NUMBER', step: 1 })
    expect(await steps()).toMatchObject([{ step: 0, status: 'failed' }])
    expect(await errorLog()).toHaveLength(1)
  })

  it.each(['sending', 'unknown', 'sent'] as const)('ends it also where a later step is %s', async (status) => {
    await claimAndSettle(1, { ...AT_STEP_1, retryInMs: 0 })
    await claim(1)
    if (status !== 'sending') await settle([1], { step: 1, status })
    await apply(receipt(1, 0, 'failed'))
    await expectBalance({ [status]: 0, failed: 1 })
    expect(await settle([1], { step: 1, status: 'sent' })).toMatchObject({ moved: 0 })
  })

  it('ends it after the campaign is over, counters included', async () => {
    await claimAndSettle(1, { ...AT_STEP_1, retryInMs: 0 })
    await claim(1)
    await settle([1], { step: 2, status: 'sent', finishedStep: 1 })
    await setStatus('completed')
    await apply(receipt(1, 1, 'failed'))
    await expectBalance({ sent: 0, failed: 1 })
  })

  it('of which the delivery is known is noted and not applied', async () => {
    await claimAndSettle(1, AT_STEP_1)
    await apply(receipt(1, 0, 'delivered'))
    await apply(receipt(1, 0, 'failed'))
    await apply(receipt(1, 0, 'failed'))
    await expectBalance({ retrying: 1, failed: 0 })
    expect(await steps()).toMatchObject([{ step: 0, status: 'delivered' }])
    expect(await errorLog()).toHaveLength(1)
  })

  it('gives one reason where two steps failed, the first, and logs both', async () => {
    await claimAndSettle(1, { ...AT_STEP_1, retryInMs: 0 })
    await claim(1)
    await settle([1], { step: 2, status: 'retrying', finishedStep: 1, retryInMs: 60_000 })
    const other = { ...receipt(1, 1, 'failed'), failure: { ...NOT_THERE, code: 'META_131047' } }
    expect(await apply(other, receipt(1, 0, 'failed'))).toEqual({ moved: 1 })
    expect(await row(1)).toMatchObject({ status: 'failed', error_code: 'META_131026' })
    await expectBalance({ failed: 1 })
    expect(await errorLog()).toHaveLength(2)
  })
})

describe('a report that a step went out, which is not the last', () => {
  it.each(['sent', 'delivered', 'read'] as const)('lets a recipient of unknown fate go on (%s)', async (state) => {
    await claimAndSettle(1, { status: 'unknown', maybeSent: true })
    expect(await apply(receipt(1, 0, state))).toEqual({ moved: 1 })
    expect(await row(1)).toMatchObject({
      status: 'retrying',
      step: 1,
      attempts: 0,
      maybe_sent: false,
      rendered_at: null,
    })
    expect(await steps()).toMatchObject([{ step: 0, status: state }])
    await expectBalance({ unknown: 0, retrying: 1 })
    const inMs = ((await row(1)).next_attempt_at?.getTime() ?? 0) - Date.now()
    expect(inMs).toBeGreaterThan(50_000)
    expect(inMs).toBeLessThanOrEqual(61_000)
  })

  it('spares a second message where another attempt was due', async () => {
    await claimAndSettle(1, { status: 'retrying', retryInMs: 60_000 })
    await apply(receipt(1, 0, 'sent'))
    expect(await row(1)).toMatchObject({ status: 'retrying', step: 1 })
    await expectBalance({ retrying: 1 })
  })

  it('before its settle decides; the settle does not touch the next step, even while that is under way', async () => {
    await setDelays(0)
    await claim(1)
    await apply(receipt(1, 0, 'sent'))
    await expectBalance({ sending: 0, retrying: 1 })
    expect(await claim(1)).toMatchObject([{ id: 1, step: 1 }])
    expect(await settle([1], { ...AT_STEP_1 })).toMatchObject({ moved: 0 })
    expect(await row(1)).toMatchObject({ status: 'sending', step: 1 })
    expect(await settle([1], { step: 2, status: 'retrying', finishedStep: 1, retryInMs: 0 })).toMatchObject({
      moved: 1,
    })
    await expectBalance({ retrying: 1 })
  })

  it.each(['completed', 'cancelled'] as const)('starts nothing in a campaign that is %s', async (status) => {
    await claimAndSettle(1, { status: 'unknown', maybeSent: true })
    await setStatus(status)
    expect(await apply(receipt(1, 0, 'delivered'))).toEqual({ moved: 0 })
    await expectBalance({ unknown: 1, retrying: 0 })
  })
})

describe("the gateway's own id", () => {
  const find = (...ids: string[]) => findByGatewayIds(test.db, campaign.userId, campaign.channelId, ids)

  it('leads to the step it was given for, whether that is done or not', async () => {
    await claimAndSettle(1, { ...AT_STEP_1, gatewayId: 'wamid.A', retryInMs: 0 })
    await claim(1)
    await settle([1], { step: 1, status: 'sent', gatewayId: 'wamid.B' })
    const place = { campaignId: campaign.id, id: 1, steps: 3 }
    expect(await find('wamid.A', 'wamid.B', 'wamid.C')).toEqual(
      new Map([
        ['wamid.A', { ...place, step: 0 }],
        ['wamid.B', { ...place, step: 1 }],
      ]),
    )
  })

  it('is learned from a receipt where the answer was lost', async () => {
    await claimAndSettle(1, { status: 'unknown', maybeSent: true })
    await apply({ ...receipt(1, 0, 'sent'), gatewayId: 'wamid.A' })
    expect((await find('wamid.A')).get('wamid.A')).toMatchObject({ id: 1, step: 0 })
  })

  it('speaks for nobody on another channel or of another user', async () => {
    await claimAndSettle(1, { status: 'sent', gatewayId: 'wamid.A' })
    const stranger = await buildUser(test.db)
    const second = await buildChannel(test.db, campaign.userId)
    expect((await findByGatewayIds(test.db, stranger, campaign.channelId, ['wamid.A'])).size).toBe(0)
    expect((await findByGatewayIds(test.db, campaign.userId, second.id, ['wamid.A'])).size).toBe(0)
  })
})

function receipt(id: number, step: number, state: Receipt['state']): Receipt {
  const failure = state === 'failed' ? NOT_THERE : null
  return { campaignId: campaign.id, id, step, isLastStep: step === MESSAGES.length - 1, state, failure }
}

function apply(...receipts: Receipt[]): Promise<{ moved: number }> {
  return transaction(test.db, (trx) => applyReceipts(trx, campaign.userId, receipts))
}

async function claim(limit: number) {
  return (await claimRecipients(test.db, lane, campaign.id, { after: Number.MIN_SAFE_INTEGER, limit })).recipients
}

async function claimAndSettle(count: number, changes: Partial<Settlement>): Promise<void> {
  const claimed = await claim(count)
  expect(claimed).toHaveLength(count)
  const ids = claimed.map(({ id }) => id)
  expect(await settle(ids, changes)).toMatchObject({ moved: count })
}

function settle(ids: number[], changes: Partial<Settlement>) {
  const rows = ids.map((id) => ({
    campaignId: campaign.id,
    id,
    status: 'sent' as const,
    step: 0,
    attempts: 1,
    resends: 0,
    maybeSent: false,
    finishedStep: null,
    gatewayId: null,
    retryInMs: null,
    error: null,
    ...changes,
  }))
  return settleRecipients(test.db, lane, rows, { nextSlotInMs: null, backOffInMs: null })
}

async function setStatus(status: CampaignStatus): Promise<void> {
  await test.db.updateTable('campaigns').set({ status }).where('id', '=', campaign.id).execute()
}

async function setDelays(delayBeforeMs: number): Promise<void> {
  const messages = JSON.stringify(MESSAGES.map((message) => ({ ...message, delayBeforeMs })))
  await test.db.updateTable('campaigns').set({ messages }).where('id', '=', campaign.id).execute()
}

function row(id: number) {
  const rows = test.db.selectFrom('campaign_contacts').selectAll().where('campaign_id', '=', campaign.id)
  return rows.where('id', '=', id).executeTakeFirstOrThrow()
}

function steps() {
  const rows = test.db.selectFrom('campaign_contact_steps').selectAll().where('campaign_id', '=', campaign.id)
  return rows.orderBy('step').execute()
}

function errorLog() {
  return test.db.selectFrom('campaign_error_logs').selectAll().where('campaign_id', '=', campaign.id).execute()
}

/** The counters say what the rows say. */
async function expectBalance(expected: Record<string, number>): Promise<void> {
  const { counts, drifted } = await transaction(test.db, (trx) => recount(trx, campaign.userId, campaign.id))
  expect(drifted).toBe(false)
  expect(totalOf(counts)).toBe(RECIPIENTS)
  expect(counts).toMatchObject(expected)
}
