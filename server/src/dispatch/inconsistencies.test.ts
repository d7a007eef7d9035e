import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CampaignStatus } from '#contract/states.ts'
import { holdLane } from '#server/test/builders.ts'
import { DispatchTestBench, LEASE_MS, untilTrue, type Line } from './dispatchTestBench.ts'
import type { StateSynchronizer } from './StateSynchronizer.ts'

let bench: DispatchTestBench
let synchronizer: StateSynchronizer

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
beforeEach(() => {
  synchronizer = bench.newSynchronizer()
})
afterEach(async () => bench.clear())
afterAll(async () => bench.close())

const ago = (ms: number) => new Date(Date.now() - ms)

async function end(line: Line, status: CampaignStatus): Promise<void> {
  const ended = { status, finished_at: ago(60_000), closing: false }
  await bench.db.updateTable('campaigns').set(ended).where('id', '=', line.campaign.id).execute()
}

function setRows({ campaign }: Line, ids: number[], changes: object) {
  const rows = bench.db.updateTable('campaign_contacts').set(changes).where('campaign_id', '=', campaign.id)
  return rows.where('id', 'in', ids).execute()
}

function setCounts({ campaign }: Line, changes: object) {
  return bench.db.updateTable('campaign_counts').set(changes).where('campaign_id', '=', campaign.id).execute()
}

async function foundOf(line: Line, options: { countRows?: boolean } = {}): Promise<string[]> {
  const found = await synchronizer.detectInconsistencies(options)
  return found.filter(({ campaignId }) => campaignId === line.campaign.id).map(({ kind }) => kind)
}

async function correctionsOf({ campaign }: Line): Promise<unknown[]> {
  const rows = bench.db.selectFrom('campaign_audit_logs').selectAll().where('campaign_id', '=', campaign.id)
  return (await rows.where('action', '=', 'auto-correct').orderBy('id').execute()).map(({ details }) => details)
}

async function expectRepaired(line: Line, corrections: object[], options: { countRows?: boolean } = {}): Promise<void> {
  expect(await synchronizer.autoCorrect(options)).toContain(line.campaign.id)
  expect(await foundOf(line, { countRows: true })).toEqual([])
  expect(await synchronizer.autoCorrect({ countRows: true })).not.toContain(line.campaign.id)
  expect(await correctionsOf(line)).toMatchObject(corrections)
  expect(await correctionsOf(line)).toHaveLength(corrections.length)
}

it('nothing is found, and nothing touched, where nothing is wrong', async () => {
  const line = await bench.newCampaign(10)
  const waiting = await bench.newCampaign(5, { status: 'paused' })
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  expect([await foundOf(line, { countRows: true }), await foundOf(waiting, { countRows: true })]).toEqual([[], []])
  await synchronizer.autoCorrect({ countRows: true })
  expect([await correctionsOf(line), await correctionsOf(waiting)]).toEqual([[], []])
})

it('a running campaign that nobody holds is listed only after lease + 5 s, and then paused', async () => {
  const line = await bench.newCampaign(3)
  const holder = { processing_lock: randomUUID(), lock_renewed_at: ago(LEASE_MS + 4000), lock_expires_at: ago(4000) }
  const set = (changes: object) =>
    bench.db.updateTable('campaigns').set(changes).where('id', '=', line.campaign.id).execute()
  await set(holder)
  expect(await foundOf(line)).toEqual([])
  await set({ lock_renewed_at: ago(LEASE_MS + 5500), lock_expires_at: ago(5500) })
  expect(await foundOf(line)).toEqual(['orphaned'])
  expect(await synchronizer.autoCorrect()).toContain(line.campaign.id)
  expect(await bench.rowOf(line)).toMatchObject({ status: 'paused', pause_reason: 'restart' })
  expect(await foundOf(line)).toEqual([])
})

it.each(['completed', 'failed', 'cancelled'] as const)(
  'open rows of a campaign that is %s are closed',
  async (status) => {
    const line = await bench.newCampaign(4)
    await setRows(line, [1], { status: 'sending', claim_epoch: 0 })
    await setRows(line, [2], { status: 'retrying', maybe_sent: true })
    await setRows(line, [3], { status: 'sent' })
    await setCounts(line, { pending: 1, sending: 1, retrying: 1, sent: 1 })
    await end(line, status)
    expect(await foundOf(line)).toEqual(['open_but_final'])
    await expectRepaired(line, [{ what: 'open', rows: 3 }])
    expect(await bench.counts(line)).toMatchObject({ sent: 1, cancelled: 1, unknown: 2, pending: 0 })
  },
)

it('where only the counters of an ended campaign say that somebody is open, only they are put right', async () => {
  const line = await bench.newCampaign(2)
  await setRows(line, [1, 2], { status: 'sent' })
  await setCounts(line, { pending: 1, sent: 1 })
  await end(line, 'completed')
  await expectRepaired(line, [{ what: 'counters' }])
  expect(await bench.counts(line)).toMatchObject({ sent: 2, pending: 0 })
})

it('counters that differ from the rows are found by command, and put right', async () => {
  const line = await bench.newCampaign(6, { status: 'paused' })
  await setCounts(line, { pending: 4, sent: 9 })
  expect(await foundOf(line)).toEqual([])
  expect(await foundOf(line, { countRows: true })).toEqual(['miscounted'])
  await expectRepaired(line, [{ what: 'counters', counts: { pending: 6, sent: 0 } }], { countRows: true })
})

it('counters that differ are put right by whoever takes the campaign over, while it sends', async () => {
  const line = await bench.newCampaign(30, {}, { latencyMinMs: 20, latencyMaxMs: 30 })
  await bench.db.updateTable('campaigns').set({ lock_epoch: 3 }).where('id', '=', line.campaign.id).execute()
  await setCounts(line, { pending: 30, delivered: 7 })
  await bench.startWorker()
  await untilTrue('they are right', async () => (await bench.counts(line)).delivered === 0)
  expect((await correctionsOf(line))[0]).toMatchObject({ what: 'counters' })
  await bench.untilStatus(line, 'completed')
  expect(await bench.counts(line)).toMatchObject({ sent: 30 })
})

it('the lock of a campaign that is over is taken from a dead worker, and not from a live one', async () => {
  const line = await bench.newCampaign(1)
  await setRows(line, [1], { status: 'sent' })
  await setCounts(line, { pending: 0, sent: 1 })
  await holdLane(bench.db, line.campaign)
  await end(line, 'completed')
  expect(await foundOf(line)).toEqual([])
  await bench.db
    .updateTable('campaigns')
    .set({ lock_expires_at: ago(1) })
    .where('id', '=', line.campaign.id)
    .execute()
  expect(await foundOf(line)).toEqual(['locked_but_final'])
  await expectRepaired(line, [{ what: 'lock' }])
  expect(await bench.rowOf(line)).toMatchObject({ processing_lock: null, lock_expires_at: null })
})

it('rows in sending that no holder would ever find are tried again as suspects, under the same ids', async () => {
  const line = await bench.newCampaign(3)
  await setRows(line, [1], { status: 'sending', claim_epoch: 99, rendered_at: new Date() })
  await setRows(line, [2], { status: 'sending', claim_epoch: null, rendered_at: new Date() })
  await setCounts(line, { pending: 1, sending: 2 })
  expect(await foundOf(line)).toEqual(['left_in_sending'])
  await expectRepaired(line, [{ what: 'sending', rows: 2 }])
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  expect(new Set(await bench.accepted(line)).size).toBe(3)
  expect(await bench.hasDrifted(line)).toBe(false)
})

it('what a holder has just claimed is not touched', async () => {
  const line = await bench.newCampaign(3)
  await holdLane(bench.db, line.campaign, randomUUID(), 5)
  await setRows(line, [1], { status: 'sending', claim_epoch: 5 })
  await setRows(line, [2], { status: 'sending', claim_epoch: 4 })
  await setCounts(line, { pending: 1, sending: 2 })
  expect(await foundOf(line, { countRows: true })).toEqual([])
})
