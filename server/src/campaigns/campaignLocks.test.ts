import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql, type Updateable } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acquireLane } from '#server/channels/channelLane.ts'
import type { Database } from '#server/db/Database.ts'
import { buildCampaign, buildChannel, buildUser, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { acquireCampaignLock, isProcessed, releaseCampaignLock, renewCampaignLocks } from './campaignLocks.ts'

const LEASE_MS = 30_000

let test: TestDatabase
let userId: string
let campaign: BuiltCampaign
let worker: string
let laneEpoch: number

beforeAll(async () => {
  test = await createTestDatabase({ max: 10 })
  userId = await buildUser(test.db)
})
afterAll(async () => test.close())
beforeEach(async () => {
  campaign = await newCampaign()
  worker = await register()
  laneEpoch = await takeLane(worker)
})

async function newCampaign(): Promise<BuiltCampaign> {
  const channel = await buildChannel(test.db, userId)
  return buildCampaign(test.db, { userId, channelId: channel.id }, { recipients: 1 })
}

/** A worker that has been there for as long as `since`, by the database's clock. */
async function register(since = '0 seconds'): Promise<string> {
  const id = randomUUID()
  await sql`insert into workers (id, host, pid, started_at) values (${id}, 'test', 1, clock_timestamp() + ${since}::interval)`.execute(
    test.db,
  )
  return id
}

async function takeLane(workerId: string): Promise<number> {
  await sql`update channels set lane_expires_at = clock_timestamp() where id = ${campaign.channelId}`.execute(test.db)
  const lane = await acquireLane(test.db, campaign.channelId, workerId, LEASE_MS)
  if (lane === null) throw new Error('The lane was not free.')
  return lane.epoch
}

const acquire = (workerId = worker, epoch = laneEpoch) =>
  acquireCampaignLock(test.db, { campaignId: campaign.id, workerId, laneEpoch: epoch, leaseMs: LEASE_MS })
const rowOf = () => test.db.selectFrom('campaigns').selectAll().where('id', '=', campaign.id).executeTakeFirstOrThrow()
const change = (values: Updateable<Database['campaigns']>) =>
  test.db.updateTable('campaigns').set(values).where('id', '=', campaign.id).execute()
const expireLock = () =>
  sql`update campaigns set lock_expires_at = clock_timestamp() where id = ${campaign.id}`.execute(test.db)
const renewedAt = (ago: string) =>
  sql`update campaigns set lock_renewed_at = clock_timestamp() - ${ago}::interval where id = ${campaign.id}`.execute(
    test.db,
  )

describe("a campaign's lock is refused", () => {
  it.each([['draft'], ['scheduled'], ['paused'], ['completed'], ['cancelled'], ['failed']] as const)(
    'while it is %s',
    async (status) => {
      await change({ status })
      expect(await acquire()).toBeNull()
      expect(await rowOf()).toMatchObject({ processing_lock: null, lock_epoch: 0 })
    },
  )

  it('when it is deleted', async () => {
    await change({ deleted_at: new Date() })
    expect(await acquire()).toBeNull()
  })

  it('without the lane of its channel', async () => {
    const stranger = await register()
    expect(await acquire(stranger)).toBeNull()
    expect(await acquire(worker, laneEpoch - 1)).toBeNull()
    expect(await acquire(worker, laneEpoch + 1)).toBeNull()
    const another = await newCampaign()
    expect(
      await acquireCampaignLock(test.db, { campaignId: another.id, workerId: worker, laneEpoch, leaseMs: LEASE_MS }),
    ).toBeNull()
  })

  it('when the lane has run out or went to somebody else', async () => {
    await sql`update channels set lane_expires_at = clock_timestamp() where id = ${campaign.channelId}`.execute(test.db)
    expect(await acquire()).toBeNull()
    await takeLane(await register())
    expect(await acquire()).toBeNull()
  })

  it('to a worker that came only after the last holder was seen: that is for a person to resume', async () => {
    await renewedAt('10 seconds')
    const late = await register('-5 seconds')
    expect(await acquire(late, await takeLane(late))).toBeNull()
    const early = await register('-15 seconds')
    expect(await acquire(early, await takeLane(early))).toBe(1)
  })

  it('to one that is no worker, and where nobody ever renewed', async () => {
    await test.db.deleteFrom('workers').where('id', '=', worker).execute()
    expect(await acquire()).toBeNull()
    const known = await register('-1 day')
    await sql`update campaigns set lock_renewed_at = null where id = ${campaign.id}`.execute(test.db)
    expect(await acquire(known, await takeLane(known))).toBeNull()
  })

  it('while another worker holds it alive, even to who has the lane now', async () => {
    await acquire()
    const next = await register('-1 minute')
    const epoch = await takeLane(next)
    expect(await acquire(next, epoch)).toBeNull()
    await expireLock()
    expect(await acquire(next, epoch)).toBe(2)
  })
})

describe("a campaign's lock", () => {
  it('goes to exactly one of those who want it at once, and its epoch rises by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 6 }), fc.nat(5), fc.boolean(), async (n, holder, isExpired) => {
        campaign = await newCampaign()
        const workers = await Promise.all(Array.from({ length: n }, () => register('-1 minute')))
        if (isExpired) {
          await change({ processing_lock: randomUUID(), lock_epoch: 7 })
          await expireLock()
        }
        const before = await rowOf()
        const epoch = await takeLane(workers[holder % n] ?? '')
        const won = await Promise.all(workers.map((one) => acquire(one, epoch)))
        const after = await rowOf()
        expect(workers.filter((_, index) => won[index] !== null)).toEqual([workers[holder % n]])
        expect([after.processing_lock, after.lock_epoch]).toEqual([workers[holder % n], before.lock_epoch + 1])
        expect(won.find((one) => one !== null)).toBe(after.lock_epoch)
      }),
      { numRuns: 100 },
    )
  })

  it('can be taken again by who holds it, under a new epoch', async () => {
    expect([await acquire(), await acquire()]).toEqual([1, 2])
  })

  it('is seen as processed only while its holder lives', async () => {
    expect(await isProcessed(test.db, campaign.id)).toBe(false)
    await acquire()
    expect(await isProcessed(test.db, campaign.id)).toBe(true)
    await expireLock()
    expect(await isProcessed(test.db, campaign.id)).toBe(false)
    expect(await isProcessed(test.db, randomUUID())).toBe(false)
  })

  it('is given up by its holder only', async () => {
    await acquire()
    await releaseCampaignLock(test.db, campaign.id, randomUUID())
    expect(await rowOf()).toMatchObject({ processing_lock: worker })
    await releaseCampaignLock(test.db, campaign.id, worker)
    expect(await rowOf()).toMatchObject({ processing_lock: null, lock_expires_at: null })
    expect(await acquire()).toBe(2)
  })
})

describe('renewing', () => {
  const renew = (workerId = worker, epoch = laneEpoch) =>
    renewCampaignLocks(test.db, campaign.channelId, workerId, epoch, LEASE_MS)

  it('does nothing for a stranger, an old epoch of the lane or another channel', async () => {
    await acquire()
    await expireLock()
    const before = await rowOf()
    expect([await renew(randomUUID()), await renew(worker, laneEpoch - 1)]).toEqual([[], []])
    expect(await renewCampaignLocks(test.db, randomUUID(), worker, laneEpoch, LEASE_MS)).toEqual([])
    expect(await rowOf()).toEqual(before)
  })

  it('lengthens every lock of the lane, and names them', async () => {
    const second = await buildCampaign(test.db, campaign, { recipients: 1 })
    await acquire()
    await acquireCampaignLock(test.db, { campaignId: second.id, workerId: worker, laneEpoch, leaseMs: LEASE_MS })
    await expireLock()
    expect((await renew()).toSorted()).toEqual([campaign.id, second.id].toSorted())
    expect(await isProcessed(test.db, campaign.id)).toBe(true)
  })
})
