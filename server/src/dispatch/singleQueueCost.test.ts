import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { acquireSingleLocks } from '#server/campaigns/campaignLocks.ts'
import { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import { listCampaigns } from '#server/campaigns/campaignQueries.ts'
import { listSingles } from '#server/campaigns/singleMessages.ts'
import { acquireLane } from '#server/channels/channelLane.ts'
import { Bell } from '#server/lib/Bell.ts'
import { buildCampaign, buildChannel, buildUser } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { listRunningOfChannel, listTakeableChannels, takeChannelsToWatch } from './dispatchQueries.ts'

const MANY = 1000
/** Far below what waits; a handful of looks each. */
const READ_AT_MOST = 200

let test: TestDatabase
let owner: { userId: string; channelId: string }

beforeAll(async () => {
  // One connection, so that its statistics are those of the statements before.
  test = await createTestDatabase({ max: 1 })
  const userId = await buildUser(test.db)
  const { id: channelId } = await buildChannel(test.db, userId)
  owner = { userId, channelId }
  await insertMany('running', '0')
  await insertMany('running', '1 hour')
  await insertMany('scheduled', '1 hour')
  await insertMany('completed', '-1 hour')
  await insertMany('cancelled', '-1 hour')
  await buildCampaign(test.db, owner)
  await sql`analyze`.execute(test.db)
})
afterAll(() => test.close())

async function insertMany(status: string, due: string): Promise<void> {
  await sql`
    with made as (
      insert into campaigns (user_id, channel_id, kind, name, message_tag, messages, status, delay_min_ms, delay_max_ms,
        randomize_order, order_seed, preparing, due_at, scheduled_at)
      select ${owner.userId}, ${owner.channelId}, 'single', '', (select floor(random() * 4e9))::bigint + n, '[]', ${status}, 0, 0,
        false, 1, false, clock_timestamp() + ${due}::interval, clock_timestamp() + ${due}::interval
      from generate_series(1, ${MANY}) as n returning id
    ),
    counted as (insert into campaign_counts (user_id, campaign_id) select ${owner.userId}, id from made)
    insert into campaign_contacts (user_id, campaign_id, id, processing_order, phone)
    select ${owner.userId}, id, 1, 1, '+5511987654321' from made
  `.execute(test.db)
}

/** Rows of `campaigns` that the database has read since its start, by whatever way. */
async function rowsRead(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(test.db)
  const { rows } = await sql<{ n: number }>`
    select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as n from pg_stat_user_tables where relname = 'campaigns'
  `.execute(test.db)
  return rows[0]?.n ?? 0
}

const keeper = () => new CampaignKeeper({ db: test.db, audit: new AuditLogger(), bell: new Bell() })
const takeSome = async () => {
  const workerId = randomUUID()
  const leaseMs = 60_000
  await sql`update channels set lane_owner = null`.execute(test.db)
  const lane = await acquireLane(test.db, owner.channelId, workerId, leaseMs)
  const request = { channelId: owner.channelId, workerId, laneEpoch: lane?.epoch ?? 0, leaseMs, limit: 32, known: [] }
  expect(await acquireSingleLocks(test.db, request)).toHaveLength(32)
}

it.each<[string, () => Promise<unknown>]>([
  ['finding channels with something to send', () => listTakeableChannels(test.db, randomUUID())],
  ['looking at what runs', () => listRunningOfChannel(test.db, owner.channelId, randomUUID(), [randomUUID()])],
  ['taking the next messages', takeSome],
  ['finding channels to ask about', () => takeChannelsToWatch(test.db, 60_000)],
  ['starting what is due', () => keeper().startDue()],
  ['pausing what nobody may take', () => keeper().pauseOrphans({ graceMs: 1, workerAliveMs: 1, workerId: null })],
  ['sweeping what was cancelled', () => keeper().sweepCancelled()],
  ['listing campaigns', () => listCampaigns(test.db, owner.userId, { limit: 51, before: null, statuses: null })],
  ['listing messages', () => listSingles(test.db, owner.userId, { limit: 51, before: null })],
])('%s reads a few rows, however many messages wait, are put off, scheduled or over', async (_what, work) => {
  const before = await rowsRead()
  await work()
  expect((await rowsRead()) - before).toBeLessThan(READ_AT_MOST)
})

it('so it does when all of them are put off', async () => {
  await sql`update campaigns set due_at = clock_timestamp() + interval '1 hour' where status = 'running'`.execute(
    test.db,
  )
  await sql`analyze campaigns`.execute(test.db)
  const before = await rowsRead()
  await listTakeableChannels(test.db, randomUUID())
  expect((await rowsRead()) - before).toBeLessThan(READ_AT_MOST)
})
