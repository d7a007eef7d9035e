import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { totalOf, type Counts } from '#contract/states.ts'
import { transaction } from '#server/db/transaction.ts'
import { buildCampaign, buildChannel, buildUser, holdLane, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { applyReceipts } from './applyReceipts.ts'
import { cancelRecipients } from './cancelRecipients.ts'
import { claimRecipients, claimSuspect, noteSuspect, type ClaimedRecipient, type LaneHold } from './claimRecipients.ts'
import { getCounts, recount } from './recipientQueries.ts'
import { settleRecipients, type Settlement } from './settleRecipients.ts'

const FROM_START = Number.MIN_SAFE_INTEGER
const NO_PACE = { nextSlotInMs: null, backOffInMs: null }

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
  campaign = await buildCampaign(test.db, { userId, channelId: channel.id }, { recipients: 10 })
  lane = await holdLane(test.db, campaign)
})

const claim = (limit: number, after = FROM_START) => claimAs(lane, limit, after)
const claimAs = async (holder: LaneHold, limit: number, after = FROM_START) =>
  (await claimRecipients(test.db, holder, campaign.id, { after, limit })).recipients
const counts = () => getCounts(test.db, campaign.userId, campaign.id)

function settlement(recipient: ClaimedRecipient, changes: Partial<Settlement> = {}): Settlement {
  const { id, step, attempts, resends, maybeSent } = recipient
  return {
    campaignId: campaign.id,
    id,
    step,
    attempts: attempts + 1,
    resends,
    maybeSent,
    status: 'sent',
    finishedStep: null,
    gatewayId: null,
    retryInMs: null,
    error: null,
    ...changes,
  }
}

/** The counters say what the rows say. */
async function expectBalance(expected: Partial<Counts>): Promise<void> {
  const { counts: rows, drifted } = await transaction(test.db, (trx) => recount(trx, campaign.userId, campaign.id))
  expect(drifted).toBe(false)
  expect(totalOf(rows)).toBe(10)
  expect(rows).toMatchObject(expected)
}

describe('claiming', () => {
  it('is refused without the lane', async () => {
    expect(await claimAs({ ...lane, owner: randomUUID() }, 5)).toEqual([])
    expect(await claimAs({ ...lane, epoch: 2 }, 5)).toEqual([])
    await expectBalance({ pending: 10 })
  })

  it('is refused while the campaign does not run', async () => {
    await test.db.updateTable('campaigns').set({ status: 'paused' }).where('id', '=', campaign.id).execute()
    expect(await claim(5)).toEqual([])
    await expectBalance({ pending: 10 })
  })

  it('takes recipients in order and counts them as sending', async () => {
    expect((await claim(4)).map((r) => r.id)).toEqual([1, 2, 3, 4])
    expect((await claim(4, 4)).map((r) => r.id)).toEqual([5, 6, 7, 8])
    await expectBalance({ pending: 2, sending: 8 })
  })

  it('never gives one recipient to two claimers', async () => {
    const batches = await Promise.all(Array.from({ length: 4 }, () => claim(5)))
    const ids = batches.flat().map((r) => r.id)
    expect(new Set(ids).size).toBe(ids.length)
    await expectBalance({ sending: ids.length, pending: 10 - ids.length })
  })

  it('takes retries that are due before pending recipients, and leaves the others', async () => {
    const [first, second] = (await claim(2)) as [ClaimedRecipient, ClaimedRecipient]
    await settleRecipients(
      test.db,
      lane,
      [
        settlement(first, { status: 'retrying', retryInMs: 0 }),
        settlement(second, { status: 'retrying', retryInMs: 60_000 }),
      ],
      NO_PACE,
    )
    expect((await claim(3)).map((r) => r.id)).toEqual([1, 3, 4])
    await expectBalance({ retrying: 1, sending: 3, pending: 6 })
  })

  it('keeps the instant of the first rendering through a retry', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await settleRecipients(test.db, lane, [settlement(first, { status: 'retrying', retryInMs: 0 })], NO_PACE)
    const [again] = (await claim(1)) as [ClaimedRecipient]
    expect(again.renderedAt).toEqual(first.renderedAt)
  })
})

describe('settling', () => {
  it('changes nothing under a stale epoch', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await test.db.updateTable('channels').set({ lane_epoch: 2 }).where('id', '=', campaign.channelId).execute()
    expect(await settleRecipients(test.db, lane, [settlement(first)], NO_PACE)).toMatchObject({
      authorised: false,
      moved: 0,
    })
    await expectBalance({ sending: 1, sent: 0 })
  })

  it('under any epoch but that of the lane, or by anybody but its owner, moves no row, whatever it says', async () => {
    const stale = fc.oneof(
      fc.record({ epoch: fc.integer({ min: -3, max: 3 }).filter((by) => by !== 0), isOwner: fc.boolean() }),
      fc.record({ epoch: fc.constant(0), isOwner: fc.constant(false) }),
    )
    const outcome = fc.record({
      status: fc.constantFrom<Settlement['status']>('sent', 'failed', 'unknown', 'retrying', 'pending', 'skipped'),
      retryInMs: fc.option(fc.nat(1000)),
      attempts: fc.nat(4),
      nextSlotInMs: fc.option(fc.nat(1000)),
      backOffInMs: fc.option(fc.nat(1000)),
    })
    const [first, second] = (await claim(2)) as [ClaimedRecipient, ClaimedRecipient]
    const channel = () =>
      test.db.selectFrom('channels').selectAll().where('id', '=', campaign.channelId).executeTakeFirstOrThrow()
    const before = await channel()
    await fc.assert(
      fc.asyncProperty(stale, outcome, async ({ epoch, isOwner }, { nextSlotInMs, backOffInMs, ...changes }) => {
        const holder = { ...lane, epoch: lane.epoch + epoch, ...(isOwner ? {} : { owner: randomUUID() }) }
        const rows = [settlement(first, changes), settlement(second, changes)]
        expect(await settleRecipients(test.db, holder, rows, { nextSlotInMs, backOffInMs })).toMatchObject({
          authorised: false,
          moved: 0,
        })
      }),
      { numRuns: 100 },
    )
    expect(await channel()).toEqual(before)
    await expectBalance({ sending: 2, pending: 8 })
    expect(await settleRecipients(test.db, lane, [settlement(first)], NO_PACE)).toMatchObject({ moved: 1 })
  })

  it('changes nothing when another worker owns the lane', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    const stranger = { ...lane, owner: randomUUID() }
    expect(
      await settleRecipients(test.db, stranger, [settlement(first)], { nextSlotInMs: 500, backOffInMs: null }),
    ).toMatchObject({ authorised: false, moved: 0 })
    await expectBalance({ sending: 1 })
  })

  it('writes the outcomes although the error log takes no rows, and says why', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await sql`alter table campaign_error_logs add constraint takes_nothing check (false) not valid`.execute(test.db)
    try {
      const error = { category: 'INVALID_NUMBER' as const, code: 'NOT_ON_WHATSAPP', message: 'no account' }
      const result = await settleRecipients(test.db, lane, [settlement(first, { status: 'failed', error })], NO_PACE)
      expect(result).toMatchObject({ authorised: true, moved: 1 })
      expect(String(result.unlogged)).toContain('takes_nothing')
    } finally {
      await sql`alter table campaign_error_logs drop constraint takes_nothing`.execute(test.db)
    }
    await expectBalance({ failed: 1, sending: 0 })
  })

  it('moves rows, counters, error log and reasons together, and a repeat moves nothing', async () => {
    const [a, b, c, d] = (await claim(4)) as [ClaimedRecipient, ClaimedRecipient, ClaimedRecipient, ClaimedRecipient]
    const error = { category: 'INVALID_NUMBER' as const, code: 'NOT_ON_WHATSAPP', message: 'no account' }
    const batch = [
      settlement(a),
      settlement(b, { status: 'failed', error }),
      settlement(c, { status: 'unknown', maybeSent: true }),
      settlement(d, { status: 'pending', attempts: 0 }),
    ]
    expect(await settleRecipients(test.db, lane, batch, NO_PACE)).toMatchObject({
      authorised: true,
      moved: 4,
      unlogged: null,
    })
    expect(await settleRecipients(test.db, lane, batch, NO_PACE)).toMatchObject({ authorised: true, moved: 0 })
    await expectBalance({ sent: 1, failed: 1, unknown: 1, pending: 7 })
    const errors = await test.db
      .selectFrom('campaign_error_logs')
      .selectAll()
      .where('campaign_id', '=', campaign.id)
      .execute()
    expect(errors).toMatchObject([{ contact_id: b.id, error_type: 'INVALID_NUMBER', error_code: 'NOT_ON_WHATSAPP' }])
    const reasons = await test.db
      .selectFrom('campaign_failure_counts')
      .selectAll()
      .where('campaign_id', '=', campaign.id)
      .execute()
    expect(reasons).toMatchObject([{ category: 'INVALID_NUMBER', failed: 1 }])
  })

  it('remembers the pace for the next holder of the lane', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await settleRecipients(test.db, lane, [settlement(first)], { nextSlotInMs: 30_000, backOffInMs: null })
    const row = await test.db
      .selectFrom('channels')
      .selectAll()
      .where('id', '=', campaign.channelId)
      .executeTakeFirstOrThrow()
    expect(row.next_slot_at?.getTime()).toBeGreaterThan(Date.now() + 20_000)
    expect(row.back_off_until).toBeNull()
  })

  it('writes a finished step beside the row that goes on to the next', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await settleRecipients(
      test.db,
      lane,
      [settlement(first, { status: 'retrying', step: 1, finishedStep: 0, attempts: 0, retryInMs: 0 })],
      NO_PACE,
    )
    const steps = await test.db
      .selectFrom('campaign_contact_steps')
      .selectAll()
      .where('campaign_id', '=', campaign.id)
      .execute()
    expect(steps).toMatchObject([{ contact_id: 1, step: 0, status: 'sent' }])
    const [again] = (await claim(1)) as [ClaimedRecipient]
    expect(again).toMatchObject({ id: 1, step: 1, attempts: 0 })
  })
})

describe('suspects', () => {
  it('are rows that a dead epoch left in sending, one at a time, marked before they are returned', async () => {
    await claim(2)
    expect(await claimSuspect(test.db, lane, campaign.id)).toBeNull()
    lane = await holdLane(test.db, campaign, randomUUID(), 2)
    expect(await claimSuspect(test.db, lane, campaign.id)).toMatchObject({ id: 1, startedDeaths: 0 })
    expect(await claimSuspect(test.db, lane, campaign.id)).toMatchObject({ id: 2, startedDeaths: 0 })
    expect(await claimSuspect(test.db, lane, campaign.id)).toBeNull()
  })

  it('count the epochs that died of making their message, and let their neighbours go first', async () => {
    await claim(2)
    const seen: [number, number][] = []
    for (const epoch of [2, 3, 4, 5]) {
      lane = await holdLane(test.db, campaign, randomUUID(), epoch)
      const suspect = await claimSuspect(test.db, lane, campaign.id)
      if (suspect === null) continue
      seen.push([suspect.id, suspect.startedDeaths])
      await noteSuspect(test.db, lane, { campaignId: campaign.id, id: suspect.id }, 'making')
      if (suspect.id === 2) await settleRecipients(test.db, lane, [settlement(suspect)], NO_PACE)
    }
    expect(seen).toEqual([
      [1, 0],
      [2, 0],
      [1, 1],
      [1, 2],
    ])
    await expectBalance({ sent: 1, sending: 1 })
  })

  it('that only waited for their turn when their process died are none of its victims', async () => {
    await claim(1)
    for (const epoch of [2, 3, 4, 5, 6]) {
      lane = await holdLane(test.db, campaign, randomUUID(), epoch)
      expect(await claimSuspect(test.db, lane, campaign.id)).toMatchObject({ id: 1, startedDeaths: 0, resends: 0 })
    }
  })

  it('did not kill who made their message once its request leaves; each request that dies is counted', async () => {
    await claim(1)
    const seen: [number, number][] = []
    for (const epoch of [2, 3, 4, 5]) {
      lane = await holdLane(test.db, campaign, randomUUID(), epoch)
      const suspect = await claimSuspect(test.db, lane, campaign.id)
      seen.push([suspect?.startedDeaths ?? -1, suspect?.resends ?? -1])
      const row = { campaignId: campaign.id, id: 1 }
      expect(await noteSuspect(test.db, lane, row, 'making')).toBe(true)
      expect(await noteSuspect(test.db, lane, row, 'leaving')).toBe(true)
    }
    expect(seen).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
    ])
    expect(await noteSuspect(test.db, { ...lane, epoch: 4 }, { campaignId: campaign.id, id: 1 }, 'making')).toBe(false)
    await expectBalance({ sending: 1 })
  })
})

describe('receipts', () => {
  const receipt = (id: number, state: 'delivered' | 'read') => ({
    campaignId: campaign.id,
    id,
    step: 0,
    isLastStep: true,
    state,
  })
  const apply = (...receipts: ReturnType<typeof receipt>[]) =>
    transaction(test.db, (trx) => applyReceipts(trx, campaign.userId, receipts))

  it('of somebody else move nothing', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await settleRecipients(test.db, lane, [settlement(first)], NO_PACE)
    expect(await transaction(test.db, (trx) => applyReceipts(trx, randomUUID(), [receipt(1, 'read')]))).toEqual({
      moved: 0,
    })
    await expectBalance({ sent: 1 })
  })

  it('move forward only, whatever the order and however often', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await settleRecipients(test.db, lane, [settlement(first)], NO_PACE)
    await apply(receipt(1, 'read'), receipt(1, 'delivered'), receipt(1, 'read'))
    await expectBalance({ read: 1, sent: 0 })
    expect(await apply(receipt(1, 'delivered'))).toEqual({ moved: 0 })
    await expectBalance({ read: 1, delivered: 0 })
  })

  it('that come before the settle win, and the settle leaves the row where it is', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await apply(receipt(1, 'delivered'))
    await expectBalance({ delivered: 1, sending: 0 })
    expect(await settleRecipients(test.db, lane, [settlement(first)], NO_PACE)).toMatchObject({
      authorised: true,
      moved: 0,
    })
    await expectBalance({ delivered: 1, sent: 0 })
  })

  it('prove that a message of unknown fate went out', async () => {
    const [a, b] = (await claim(2)) as [ClaimedRecipient, ClaimedRecipient]
    await settleRecipients(
      test.db,
      lane,
      [
        settlement(a, { status: 'unknown', maybeSent: true }),
        settlement(b, { status: 'retrying', maybeSent: true, retryInMs: 60_000 }),
      ],
      NO_PACE,
    )
    await apply(receipt(1, 'delivered'), receipt(2, 'delivered'))
    await expectBalance({ delivered: 2, unknown: 0, retrying: 0 })
  })

  it('do not touch a recipient that was never claimed, or failed', async () => {
    const [first] = (await claim(1)) as [ClaimedRecipient]
    await settleRecipients(
      test.db,
      lane,
      [settlement(first, { status: 'failed', error: { category: 'API_ERROR', code: 'X', message: 'x' } })],
      NO_PACE,
    )
    expect(await apply(receipt(1, 'delivered'), receipt(5, 'read'))).toEqual({ moved: 0 })
    await expectBalance({ failed: 1, pending: 9 })
  })
})

describe('cancelling', () => {
  const cancel = (limit = 100) =>
    transaction(test.db, (trx) => cancelRecipients(trx, campaign.userId, campaign.id, limit))

  it('closes what is open, leaves requests under way alone, and calls a maybe-sent recipient unknown', async () => {
    const [a, b] = (await claim(3)) as [ClaimedRecipient, ClaimedRecipient]
    await settleRecipients(
      test.db,
      lane,
      [settlement(a), settlement(b, { status: 'retrying', maybeSent: true, retryInMs: 0 })],
      NO_PACE,
    )
    expect(await cancel(5)).toBe(5)
    await cancel()
    await expectBalance({ sent: 1, unknown: 1, sending: 1, cancelled: 7 })
    await holdLane(test.db, campaign, randomUUID(), 2)
    expect(await cancel()).toBe(1)
    await expectBalance({ sent: 1, unknown: 2, cancelled: 7 })
  })
})

it('a count of the rows reaches the last, however wide the gaps between their numbers', async () => {
  await test.db
    .updateTable('campaign_contacts')
    .set({ id: 1_000_000 })
    .where('campaign_id', '=', campaign.id)
    .where('id', '=', 10)
    .execute()
  await expectBalance({ pending: 10 })
})

it('a drifted counter is found and put right from the rows', async () => {
  await test.db
    .updateTable('campaign_counts')
    .set({ sent: 5, pending: 5 })
    .where('campaign_id', '=', campaign.id)
    .execute()
  const found = await transaction(test.db, (trx) => recount(trx, campaign.userId, campaign.id))
  expect(found).toMatchObject({ drifted: true, counts: { pending: 10, sent: 0 } })
  expect(await counts()).toMatchObject({ pending: 10, sent: 0 })
})
