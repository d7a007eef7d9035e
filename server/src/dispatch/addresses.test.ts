import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { claimRecipients, type LaneHold } from '#server/recipients/claimRecipients.ts'
import { holdLane } from '#server/test/builders.ts'
import { DispatchTestBench, type Line } from './dispatchTestBench.ts'

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

/** The recipient with this number within a built campaign, and the address that an old account of it would have. */
const phoneOf = (n: number) => `+55119${String(10_000_000 + n)}`
const oldAddressOf = (n: number) => `5511${String(10_000_000 + n)}@s.whatsapp.net`

async function knowAddress(line: Line, n: number, sendTo: string | null): Promise<void> {
  const answer = { is_on_whatsapp: true, jid: sendTo ?? `${phoneOf(n).slice(1)}@s.whatsapp.net`, send_to: sendTo }
  const { userId, channelId } = line.campaign
  await bench.db
    .insertInto('phone_checks')
    .values({
      user_id: userId,
      phone: phoneOf(n),
      channel_id: channelId,
      expires_at: new Date('2099-01-01'),
      ...answer,
    })
    .onConflict((conflict) => conflict.columns(['user_id', 'phone']).doUpdateSet(answer))
    .execute()
}

async function claim(line: Line, hold: LaneHold): Promise<(string | null)[]> {
  const { recipients } = await claimRecipients(bench.db, hold, line.campaign.id, { after: -1, limit: 10 })
  return recipients.toSorted((a, b) => a.id - b.id).map(({ sendTo }) => sendTo)
}

/** As after an attempt whose fate nobody knows, or with `rendered` false, as before the next message of a sequence. */
async function makeDue(line: Line, rendered = true): Promise<void> {
  await bench.db
    .updateTable('campaign_contacts')
    .set({ status: 'retrying', next_attempt_at: new Date(0), ...(rendered ? {} : { rendered_at: null }) })
    .where('campaign_id', '=', line.campaign.id)
    .execute()
}

it('who is on WhatsApp under another address is written to there, and everybody else at their number', async () => {
  const line = await bench.newCampaign(4)
  await knowAddress(line, 2, oldAddressOf(2))
  await knowAddress(line, 3, null)
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  const numbers = (await bench.sandbox.ledger(line.sandboxUser, 'accepted')).map(({ number }) => number)
  expect(numbers.toSorted()).toEqual(['551110000002', '5511910000001', '5511910000003', '5511910000004'])
  expect(await bench.counts(line)).toMatchObject({ sent: 4 })
})

describe('an address', () => {
  it('stays that of the first attempt, whatever is found out later', async () => {
    const line = await bench.newCampaign(2)
    const hold = await holdLane(bench.db, line.campaign)
    await knowAddress(line, 1, oldAddressOf(1))
    expect(await claim(line, hold)).toEqual([oldAddressOf(1), null])
    await knowAddress(line, 1, null)
    await knowAddress(line, 2, oldAddressOf(2))
    await makeDue(line)
    expect(await claim(line, hold)).toEqual([oldAddressOf(1), null])
  })

  it('is looked up anew for the next message of a sequence', async () => {
    const line = await bench.newCampaign(2)
    const hold = await holdLane(bench.db, line.campaign)
    await knowAddress(line, 1, oldAddressOf(1))
    expect(await claim(line, hold)).toEqual([oldAddressOf(1), null])
    await knowAddress(line, 1, null)
    await knowAddress(line, 2, oldAddressOf(2))
    await makeDue(line, false)
    expect(await claim(line, hold)).toEqual([null, oldAddressOf(2)])
  })

  it('of WuzAPI means nothing to the Cloud API', async () => {
    const line = await bench.newCampaign(1)
    const hold = await holdLane(bench.db, line.campaign)
    await knowAddress(line, 1, oldAddressOf(1))
    await bench.db.updateTable('channels').set({ gateway: 'cloud' }).where('id', '=', hold.channelId).execute()
    expect(await claim(line, hold)).toEqual([null])
  })

  it('that another account was told is not used', async () => {
    const line = await bench.newCampaign(1)
    const other = await bench.newCampaign(1)
    await knowAddress(other, 1, oldAddressOf(1))
    expect(await claim(line, await holdLane(bench.db, line.campaign))).toEqual([null])
  })
})
