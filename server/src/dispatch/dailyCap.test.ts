import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SandboxBehaviour } from '#contract/channels.ts'
import { findChannelLimits, reserveOfCap, returnToCap, type CapShare } from '#server/channels/channelCap.ts'
import { buildCampaign, holdLane } from '#server/test/builders.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { DailyCap } from './DailyCap.ts'
import { getEnhancedProgress } from './getEnhancedProgress.ts'
import { DispatchTestBench, untilTrue, type Line } from './dispatchTestBench.ts'

const DAY_MS = 86_400_000

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterEach(async () => bench.clear())
afterAll(async () => bench.close())

async function cappedLine(recipients: number, dailyCap: number, behaviour: SandboxBehaviour = {}): Promise<Line> {
  const line = await bench.newCampaign(recipients, {}, behaviour)
  await setChannel(line, { daily_cap: dailyCap })
  return line
}

async function setChannel(
  { campaign }: Line,
  changes: { daily_cap?: number | null; time_zone?: string },
): Promise<void> {
  await bench.db.updateTable('channels').set(changes).where('id', '=', campaign.channelId).execute()
}

/** A zone in which the next midnight is `ms` away. */
function zoneThatTurnsIn(ms: number): string {
  const toMidnight = DAY_MS - ((Date.now() + ms) % DAY_MS)
  const east = Math.round((toMidnight % DAY_MS) / 1000)
  const part = (seconds: number) => String(Math.floor(seconds)).padStart(2, '0')
  // As POSIX writes it, west is positive; hours above 14 do not exist, so the day before is taken there.
  const offset = east > 43_200 ? DAY_MS / 1000 - east : east
  return `<x>${east > 43_200 ? '+' : '-'}${part(offset / 3600)}:${part((offset % 3600) / 60)}:${part(offset % 60)}`
}

const untilCapped = (line: Line, used: number) =>
  untilTrue(`${used} have left and nobody is held`, async () => {
    const { sent, sending } = await bench.counts(line)
    return sent === used && sending === 0
  })

describe('a number with a daily cap', () => {
  it('sends exactly so many and waits: the campaign runs on and holds nobody', async () => {
    const line = await cappedLine(20, 7)
    await bench.startWorker()
    await untilCapped(line, 7)
    await sleep(500)
    expect(await bench.counts(line)).toMatchObject({ sent: 7, pending: 13, sending: 0, failed: 0 })
    expect((await bench.accepted(line)).length).toBe(7)
    expect(await bench.hasDrifted(line)).toBe(false)
    const { userId, id } = line.campaign
    const progress = await getEnhancedProgress(bench.db, userId, id)
    expect(progress).toMatchObject({ status: 'running', waitsFor: 'dailyCap' })
    // Thirteen are left: seven on the next day, six on the one after.
    const wait = (new Date(progress.waitsUntil ?? 0).getTime() - Date.now()) / 1000
    expect(Math.abs((progress.estimatedSecondsRemaining ?? 0) - wait - 86_400)).toBeLessThan(5)
  })

  it('goes on by itself when the day turns in its zone', async () => {
    const line = await cappedLine(10, 6)
    await setChannel(line, { time_zone: zoneThatTurnsIn(3000) })
    await bench.startWorker()
    await untilCapped(line, 6)
    await bench.untilStatus(line, 'completed')
    expect((await bench.accepted(line)).length).toBe(10)
  })

  it('counts across restarts, and a restart wastes nothing', async () => {
    const line = await cappedLine(40, 25, { latencyMinMs: 20, latencyMaxMs: 40 })
    // Whoever was there before may take over; who comes later may not.
    const workers = [await bench.startWorker(), await bench.startWorker(), await bench.startWorker()]
    for (const part of [8, 16]) {
      await untilTrue('some have left', async () => (await bench.counts(line)).sent >= part)
      const holder = workers.find(({ processingLocks }) => processingLocks.has(line.campaign.id))
      await holder?.stop()
    }
    await untilCapped(line, 25)
    await sleep(300)
    expect((await bench.accepted(line)).length).toBe(25)
  })

  it('never lets more leave when workers die, and loses no more than was under way', async () => {
    const line = await cappedLine(60, 20, { latencyMinMs: 30, latencyMaxMs: 60, maxInFlight: 4 })
    const die = { drainMs: 1 }
    const workers = [await bench.startWorker(die), await bench.startWorker(die), await bench.startWorker(die)]
    for (const part of [4, 8]) {
      await untilTrue('some have left', async () => (await bench.accepted(line)).length >= part)
      const holder = workers.find(({ processingLocks }) => processingLocks.has(line.campaign.id))
      await holder?.stop()
    }
    await untilTrue('the cap is used up', async () => {
      const { capUsed = 0 } = (await findChannelLimits(bench.db, line.campaign.userId, line.campaign.channelId)) ?? {}
      return capUsed === 20
    })
    await sleep(1000)
    const accepted = (await bench.accepted(line)).length
    expect(accepted).toBeLessThanOrEqual(20)
    expect(accepted).toBeGreaterThanOrEqual(20 - 2 * 4)
  })

  it('counts only what may have left: refused numbers give their place to others', async () => {
    const line = await cappedLine(20, 5)
    const refusal = [{ kind: 'error' as const, error: 'no LID found for 55@s.whatsapp.net from server' }]
    await bench.sandbox.setScript(line.sandboxUser, {
      '5511910000001': refusal,
      '5511910000002': refusal,
      '5511910000004': refusal,
    })
    await bench.startWorker()
    await untilCapped(line, 5)
    expect(await bench.counts(line)).toMatchObject({ sent: 5, failed: 3, pending: 12 })
  })

  it('follows a cap that is raised, lowered or taken away while it waits', async () => {
    const line = await cappedLine(30, 4)
    await bench.startWorker()
    await untilCapped(line, 4)
    await setChannel(line, { daily_cap: 9 })
    await untilCapped(line, 9)
    await setChannel(line, { daily_cap: 2 })
    await sleep(300)
    expect((await bench.counts(line)).sent).toBe(9)
    await setChannel(line, { daily_cap: null })
    await bench.untilStatus(line, 'completed')
    expect((await bench.accepted(line)).length).toBe(30)
  })

  it('shares it among its campaigns, and leaves other numbers alone', async () => {
    const line = await cappedLine(10, 6)
    const { userId, channelId } = line.campaign
    const second = { ...line, campaign: await buildCampaign(bench.db, { userId, channelId }, { recipients: 10 }) }
    const other = await bench.newCampaign(10)
    await bench.startWorker()
    await bench.untilStatus(other, 'completed')
    const sum = async () => (await bench.counts(line)).sent + (await bench.counts(second)).sent
    await untilTrue('the cap is reached', async () => (await sum()) === 6)
    await sleep(300)
    expect(await sum()).toBe(6)
  })
})

describe('what is promised of a cap', () => {
  it('is never more than the cap, however many ask at once, and only to the holder of the lane', async () => {
    const line = await cappedLine(1, 50)
    const hold = await holdLane(bench.db, line.campaign)
    const shares = await Promise.all(Array.from({ length: 20 }, () => reserveOfCap(bench.db, hold, 4)))
    expect(shares.reduce((sum, share) => sum + (share?.granted ?? 0), 0)).toBe(50)
    expect(await reserveOfCap(bench.db, { ...hold, epoch: hold.epoch + 1 }, 1)).toBe(null)
    const day = shares[0]?.day ?? ''
    await returnToCap(bench.db, { ...hold, epoch: hold.epoch + 1 }, day, 10)
    expect(await reserveOfCap(bench.db, hold, 1)).toMatchObject({ granted: 0 })
    await returnToCap(bench.db, hold, day, 10)
    expect(await findChannelLimits(bench.db, hold.userId, hold.channelId)).toMatchObject({ dailyCap: 50, capUsed: 40 })
    expect(await reserveOfCap(bench.db, hold, 99)).toMatchObject({ granted: 10 })
  })

  it('begins anew with each day of the zone, and what is returned for yesterday is not added to today', async () => {
    const line = await cappedLine(1, 5)
    const hold = await holdLane(bench.db, line.campaign)
    // In Kiribati it is always a later day than in Niue.
    await setChannel(line, { time_zone: 'Pacific/Niue' })
    const share = await reserveOfCap(bench.db, hold, 5)
    expect(share?.granted).toBe(5)
    await setChannel(line, { time_zone: 'Pacific/Kiritimati' })
    const next = await reserveOfCap(bench.db, hold, 3)
    expect(next).toMatchObject({ granted: 3 })
    await returnToCap(bench.db, hold, share?.day ?? '', 5)
    expect((await findChannelLimits(bench.db, hold.userId, hold.channelId))?.capUsed).toBe(3)
  })
})

describe('the share that a lane holds', () => {
  const share = (granted: number, turnsInMs = 60_000, day = '2026-01-01'): CapShare => ({ granted, turnsInMs, day })

  function capOf(answers: (CapShare | null)[]) {
    const returned: [string, number][] = []
    const cap = new DailyCap({
      reserve: async () => answers.shift() ?? null,
      giveBack: async (day, count) => void returned.push([day, count]),
      log: testLog,
    })
    return { cap, returned }
  }

  it('without a cap is not asked for', () => {
    const { cap } = capOf([])
    cap.follow(null, 4)
    expect([cap.allows, cap.replenish(), cap.take(), cap.closedForMs]).toEqual([true, null, null, 0])
  })

  it('is used up one by one, gets back what did not leave, and returns the rest', async () => {
    const { cap, returned } = capOf([share(3)])
    cap.follow(10, 3)
    expect(cap.allows).toBe(false)
    await cap.replenish()
    const ticket = cap.take()
    cap.take()
    cap.refund(ticket)
    await cap.close()
    expect(returned).toEqual([['2026-01-01', 2]])
    expect(cap.allows).toBe(false)
  })

  it('ends with its day: nothing of it starts afterwards, and what comes back late does not count for the next', async () => {
    const { cap } = capOf([share(2, 30), share(1, 60_000, '2026-01-02'), share(0, 60_000, '2026-01-02')])
    cap.follow(10, 2)
    await cap.replenish()
    const late = cap.take()
    await sleep(40)
    expect(cap.allows).toBe(false)
    await cap.replenish()
    cap.take()
    cap.refund(late)
    expect(cap.allows).toBe(false)
    await cap.replenish()
    expect(cap.closedForMs).toBeGreaterThan(50_000)
    expect(cap.replenish()).toBe(null)
    cap.follow(11, 2)
    expect(cap.closedForMs).toBe(0)
  })

  it('is asked for again a moment after the database did not answer', async () => {
    const { cap } = capOf([null, share(1)])
    cap.follow(10, 1)
    await cap.replenish()
    expect([cap.allows, cap.replenish(), cap.closedForMs]).toEqual([false, null, 0])
    await sleep(300)
    await cap.replenish()
    expect(cap.allows).toBe(true)
  })
})
