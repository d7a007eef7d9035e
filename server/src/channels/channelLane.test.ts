import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildChannel, buildUser } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { acquireLane, releaseLane, renewLane, type Lane } from './channelLane.ts'

const LEASE_MS = 30_000

let test: TestDatabase
let userId: string
let channelId: string

beforeAll(async () => {
  test = await createTestDatabase({ max: 10 })
  userId = await buildUser(test.db)
})
afterAll(async () => test.close())
beforeEach(async () => {
  channelId = (await buildChannel(test.db, userId)).id
})

const acquire = (workerId: string, leaseMs = LEASE_MS) => acquireLane(test.db, channelId, workerId, leaseMs)
const laneOf = () =>
  test.db
    .selectFrom('channels')
    .select(['lane_owner', 'lane_epoch', 'lane_expires_at'])
    .where('id', '=', channelId)
    .executeTakeFirstOrThrow()

/** Lets the present lease run out, by the database's clock. */
const expire = () =>
  sql`update channels set lane_expires_at = clock_timestamp() where id = ${channelId}`.execute(test.db)

async function take(workerId: string): Promise<Lane> {
  const lane = await acquire(workerId)
  if (lane === null) throw new Error('The lane was not free.')
  return lane
}

describe('a lane', () => {
  it('goes to exactly one of those who want it at once, and its epoch rises by one', async () => {
    const beginnings = fc.constantFrom('free', 'expired', 'held')
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 6 }), beginnings, async (n, beginning) => {
        channelId = (await buildChannel(test.db, userId)).id
        if (beginning !== 'free') await take(randomUUID())
        if (beginning === 'expired') await expire()
        const before = await laneOf()
        const workers = Array.from({ length: n }, () => randomUUID())
        const lanes = await Promise.all(workers.map((worker) => acquire(worker)))
        const winners = workers.filter((_, index) => lanes[index] !== null)
        const after = await laneOf()
        if (beginning === 'held') {
          expect(winners).toEqual([])
          expect(after).toEqual(before)
        } else {
          expect(winners).toEqual([after.lane_owner])
          expect(after.lane_epoch).toBe(before.lane_epoch + 1)
          expect(lanes.find((lane) => lane !== null)?.epoch).toBe(after.lane_epoch)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('that is alive cannot be taken, one that ran out can', async () => {
    const [a, b] = [randomUUID(), randomUUID()]
    const first = await take(a)
    expect(await acquire(b)).toBeNull()
    await expire()
    expect(await take(b)).toMatchObject({ epoch: first.epoch + 1 })
    expect(await acquire(a)).toBeNull()
  })

  it('runs out by the clock of the database, in the time that was asked for', async () => {
    await acquire(randomUUID(), 60)
    expect(await acquire(randomUUID())).toBeNull()
    await expect.poll(() => acquire(randomUUID()), { timeout: 5000 }).not.toBeNull()
  })

  it('of a channel that is deleted or not there cannot be taken', async () => {
    expect(await acquireLane(test.db, randomUUID(), randomUUID(), LEASE_MS)).toBeNull()
    await test.db.updateTable('channels').set({ deleted_at: new Date() }).where('id', '=', channelId).execute()
    expect(await acquire(randomUUID())).toBeNull()
  })

  it('of one channel is nothing to another channel', async () => {
    const worker = randomUUID()
    await take(worker)
    channelId = (await buildChannel(test.db, userId)).id
    expect(await take(worker)).toMatchObject({ epoch: 1 })
  })
})

describe('renewing and giving up', () => {
  it('need the owner and the epoch of today', async () => {
    const [a, b] = [randomUUID(), randomUUID()]
    const old = await take(a)
    await expire()
    const lane = await take(b)
    const before = await laneOf()
    for (const [worker, epoch] of [
      [a, old.epoch],
      [a, lane.epoch],
      [b, old.epoch],
      [b, lane.epoch + 1],
      [randomUUID(), lane.epoch],
    ] as const) {
      expect(await renewLane(test.db, channelId, worker, epoch, LEASE_MS)).toBe(false)
      await releaseLane(test.db, channelId, worker, epoch)
      expect(await laneOf()).toEqual(before)
    }
  })

  it('that are ours: renewing lengthens the lease, giving up frees it at once', async () => {
    const worker = randomUUID()
    const { epoch } = await take(worker)
    const before = await laneOf()
    expect(await renewLane(test.db, channelId, worker, epoch, 2 * LEASE_MS)).toBe(true)
    const renewed = await laneOf()
    expect(Number(renewed.lane_expires_at) - Number(before.lane_expires_at)).toBeGreaterThan(LEASE_MS / 2)
    expect(renewed.lane_epoch).toBe(epoch)
    await releaseLane(test.db, channelId, worker, epoch)
    expect(await laneOf()).toMatchObject({ lane_owner: null, lane_expires_at: null, lane_epoch: epoch })
    expect(await take(randomUUID())).toMatchObject({ epoch: epoch + 1 })
    expect(await renewLane(test.db, channelId, worker, epoch, LEASE_MS)).toBe(false)
  })

  it('whatever happens in whatever order, only the holder of the newest epoch can act, and epochs never fall', async () => {
    const act = fc.record({ kind: fc.constantFrom('acquire', 'renew', 'release', 'expire'), worker: fc.nat(2) })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
        channelId = (await buildChannel(test.db, userId)).id
        const workers = [randomUUID(), randomUUID(), randomUUID()] as const
        const epochs = [0, 0, 0]
        const model = { owner: -1, epoch: 0, alive: false }
        for (const { kind, worker } of acts) {
          const id = workers[worker] ?? ''
          if (kind === 'acquire' && model.owner === worker && model.alive) continue
          const isMine = model.owner === worker && epochs[worker] === model.epoch
          if (kind === 'acquire') {
            const lane = await acquire(id)
            expect(lane !== null).toBe(!model.alive)
            if (lane !== null) {
              expect(lane.epoch).toBe(model.epoch + 1)
              Object.assign(model, { owner: worker, epoch: lane.epoch, alive: true })
              epochs[worker] = lane.epoch
            }
          } else if (kind === 'renew') {
            expect(await renewLane(test.db, channelId, id, epochs[worker] ?? 0, LEASE_MS)).toBe(isMine)
            if (isMine) model.alive = true
          } else if (kind === 'release') {
            await releaseLane(test.db, channelId, id, epochs[worker] ?? 0)
            if (isMine) Object.assign(model, { owner: -1, alive: false })
          } else {
            await expire()
            model.alive = false
          }
        }
        expect((await laneOf()).lane_owner).toBe(workers[model.owner] ?? null)
      }),
      { numRuns: 100 },
    )
  })
})

describe('pace and back-off come with the lane', () => {
  const setPace = (nextSlot: string | null, backOff: string | null) =>
    sql`update channels set next_slot_at = clock_timestamp() + ${nextSlot}::interval, back_off_until = clock_timestamp() + ${backOff}::interval
      where id = ${channelId}`.execute(test.db)

  it('in milliseconds from now', async () => {
    await setPace('20 seconds', '5 minutes')
    const lane = await take(randomUUID())
    expect(lane.nextSlotInMs).toBeGreaterThan(15_000)
    expect(lane.nextSlotInMs).toBeLessThanOrEqual(20_000)
    expect(lane.backOffInMs).toBeGreaterThan(295_000)
    expect(lane.backOffInMs).toBeLessThanOrEqual(300_000)
  })

  it('and nothing where they are over or never were', async () => {
    expect(await take(randomUUID())).toEqual({ epoch: 1, nextSlotInMs: 0, backOffInMs: 0 })
    await setPace('-20 seconds', '-1 day')
    await expire()
    expect(await take(randomUUID())).toEqual({ epoch: 2, nextSlotInMs: 0, backOffInMs: 0 })
  })

  it('also after it was given up', async () => {
    const worker = randomUUID()
    const { epoch } = await take(worker)
    await setPace('20 seconds', null)
    await releaseLane(test.db, channelId, worker, epoch)
    expect((await take(randomUUID())).nextSlotInMs).toBeGreaterThan(15_000)
  })
})
