import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { takesNoWrites } from '#server/db/takesNoWrites.ts'
import { openOf } from '#contract/states.ts'
import { DispatchTestBench, untilTrue } from './dispatchTestBench.ts'

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

/** As if the disk with these rows were full: every change of them is refused with the code that PostgreSQL gives then. */
async function fillDisk(): Promise<void> {
  await sql`
    create or replace function disk_is_full() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$
  `.execute(bench.db)
  await sql`create trigger full_disk before update on campaign_contacts execute function disk_is_full()`.execute(
    bench.db,
  )
}

async function freeDisk(): Promise<void> {
  await sql`drop trigger if exists full_disk on campaign_contacts`.execute(bench.db)
}

it('a full disk pauses the campaign for storage, and what was under way is written when there is space', async () => {
  const line = await bench.newCampaign(60, {}, { latencyMinMs: 20, latencyMaxMs: 40 })
  await bench.startWorker()
  await untilTrue('the first is sent', async () => (await bench.counts(line)).sent > 0)
  await fillDisk()
  try {
    await bench.untilStatus(line, 'paused')
    expect((await bench.rowOf(line)).pause_reason).toBe('storage')
    const [error] = await bench.db
      .selectFrom('campaign_error_logs')
      .select(['error_code', 'contact_id'])
      .where('campaign_id', '=', line.campaign.id)
      .execute()
    expect(error).toEqual({ error_code: 'STORAGE', contact_id: null })
  } finally {
    await freeDisk()
  }
  await untilTrue('nobody is left in sending', async () => (await bench.counts(line)).sending === 0)
  const counts = await bench.counts(line)
  expect(counts.failed + counts.unknown).toBe(0)
  expect(openOf(counts)).toBeGreaterThan(0)
  expect(await bench.accepted(line)).toHaveLength(counts.sent)
  await bench.moveTo(line, 'running')
  await bench.untilStatus(line, 'completed')
  expect(new Set(await bench.accepted(line)).size).toBe(60)
})

it('only codes of the storage count as such', () => {
  const refused = (code: string) => takesNoWrites(Object.assign(new Error('refused'), { code }))
  expect(['53100', '58030', '25006'].map(refused)).toEqual([true, true, true])
  expect(['53200', '57P01', '40P01', '23505'].map(refused)).toEqual([false, false, false, false])
})
