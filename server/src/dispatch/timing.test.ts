import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { DispatchTestBench, untilTrue, type Line } from './dispatchTestBench.ts'
import { estimateSecondsRemaining } from './getEnhancedProgress.ts'
import { PaceGate } from './PaceGate.ts'
import { ReconnectWatcher } from './ReconnectWatcher.ts'

const ALL_DAYS = [0, 1, 2, 3, 4, 5, 6]
const MINUTE = 60_000

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

const change = (line: Line, columns: object) =>
  bench.db.updateTable('campaigns').set(columns).where('id', '=', line.campaign.id).execute()
const history = async (line: Line) =>
  (await new AuditLogger().getHistory(bench.db, line.campaign.id)).map(({ action, details }) => [
    action,
    details?.['reason'],
  ])

/** `HH:MM` in UTC, `minutes` from now. */
const clock = (minutes: number) => new Date(Date.now() + minutes * MINUTE).toISOString().slice(11, 16)
const openWindow = () => ({ startTime: clock(-60), endTime: clock(60), days: ALL_DAYS })
const closedWindow = () => ({ startTime: clock(60), endTime: clock(120), days: ALL_DAYS })

describe('a sending window', () => {
  it('that is closed lets nothing out and holds nobody; opened, the campaign goes on by itself', async () => {
    const line = await bench.newCampaign(30)
    await change(line, { sending_window: JSON.stringify(closedWindow()), time_zone: 'UTC' })
    await bench.startWorker()
    await untilTrue('it is taken', async () => (await bench.rowOf(line)).processing_lock !== null)
    await sleep(500)
    expect(await bench.accepted(line)).toEqual([])
    expect(await bench.counts(line)).toMatchObject({ pending: 30, sending: 0 })
    await change(line, { sending_window: JSON.stringify(openWindow()) })
    await bench.untilStatus(line, 'completed')
    expect(new Set(await bench.accepted(line)).size).toBe(30)
  })

  it('that closes in the middle stops the next request, and who was claimed goes back', async () => {
    const line = await bench.newCampaign(400, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    await bench.startWorker()
    await untilTrue('some are sent', async () => (await bench.counts(line)).sent > 30)
    await change(line, { sending_window: JSON.stringify(closedWindow()), time_zone: 'UTC' })
    await untilTrue('nobody is held', async () => (await bench.counts(line)).sending === 0)
    const sent = (await bench.accepted(line)).length
    await sleep(400)
    expect(await bench.accepted(line)).toHaveLength(sent)
    expect(await bench.counts(line)).toMatchObject({ sent, pending: 400 - sent })
    expect(await bench.rowOf(line)).toMatchObject({ status: 'running' })
    await change(line, { sending_window: null })
    await bench.untilStatus(line, 'completed')
    expect(new Set(await bench.accepted(line)).size).toBe(400)
    expect(await bench.hasDrifted(line)).toBe(false)
  })

  it('of one campaign does not hold up another on the same channel', async () => {
    const closed = await bench.newCampaign(10)
    await change(closed, { sending_window: JSON.stringify(closedWindow()), time_zone: 'UTC' })
    const { buildCampaign } = await import('#server/test/builders.ts')
    const open: Line = {
      campaign: await buildCampaign(bench.db, closed.campaign, { recipients: 10 }),
      sandboxUser: closed.sandboxUser,
    }
    await bench.startWorker()
    await bench.untilStatus(open, 'completed')
    expect(await bench.counts(closed)).toMatchObject({ pending: 10 })
  })
})

it('a change of pace while running is followed within a poll', async () => {
  const line = await bench.newCampaign(40, { delayMs: 60_000 })
  await bench.startWorker()
  await untilTrue('the first is sent', async () => (await bench.accepted(line)).length === 1)
  await change(line, { delay_min_ms: 0, delay_max_ms: 0 })
  // Also the pause of a minute that was drawn already.
  await bench.untilStatus(line, 'completed')
})

describe('a scheduled start', () => {
  const schedule = async (offsetMs: number, more: object = {}) => {
    const line = await bench.newCampaign(3, { status: 'scheduled' })
    await change(line, { scheduled_at: new Date(Date.now() + offsetMs), ...more })
    return line
  }

  it('comes at its time and not before, once, however many processes look', async () => {
    const line = await schedule(400)
    const keepers = Array.from({ length: 10 }, () => bench.newKeeper())
    await Promise.all(keepers.map((keeper) => keeper.startDue()))
    expect(await bench.rowOf(line)).toMatchObject({ status: 'scheduled' })
    await sleep(450)
    await Promise.all(keepers.map((keeper) => keeper.startDue()))
    expect(await bench.rowOf(line)).toMatchObject({ status: 'running' })
    expect(await history(line)).toEqual([['start', 'scheduled']])
  })

  it('that was missed by up to fifteen minutes still runs; later it waits for a person', async () => {
    const late = await schedule(-14 * MINUTE)
    const missed = await schedule(-16 * MINUTE)
    await bench.newKeeper().startDue()
    expect(await bench.rowOf(late)).toMatchObject({ status: 'running' })
    expect(await bench.rowOf(missed)).toMatchObject({ status: 'paused', pause_reason: 'missed' })
    expect(await history(missed)).toEqual([['auto-pause', 'missed']])
  })

  it('a year ahead does not come now, and one whose audience is not ready waits for it', async () => {
    const far = await schedule(365 * 24 * 60 * MINUTE)
    const preparing = await schedule(-MINUTE, { preparing: true })
    await bench.newKeeper().startDue()
    expect(await bench.rowOf(far)).toMatchObject({ status: 'scheduled' })
    expect(await bench.rowOf(preparing)).toMatchObject({ status: 'scheduled' })
  })
})

describe('a number that comes back', () => {
  const watcherFor = (status: () => string) =>
    new ReconnectWatcher({
      db: bench.db,
      keeper: bench.newKeeper(),
      log: testLog,
      askEveryMs: 50,
      channels: {
        status: async () => ({
          status: status() as 'ready',
          connected: true,
          loggedIn: true,
          number: null,
          checkedAt: '',
        }),
      },
    })

  it('resumes by itself only the campaigns that asked for it, and those slower at first', async () => {
    const asking = await bench.newCampaign(10, { status: 'paused' })
    await change(asking, { pause_reason: 'disconnected', auto_resume: true })
    const silent = await bench.newCampaign(10, { status: 'paused' })
    await change(silent, { pause_reason: 'disconnected' })
    const byHand = await bench.newCampaign(10, { status: 'paused' })
    await change(byHand, { pause_reason: 'user', auto_resume: true })
    let status = 'disconnected'
    const watcher = watcherFor(() => status)
    watcher.start()
    await sleep(200)
    expect(await bench.rowOf(asking)).toMatchObject({ status: 'paused' })
    status = 'ready'
    await bench.untilStatus(asking, 'running')
    await watcher.stop()
    expect((await bench.rowOf(asking)).slow_until?.getTime()).toBeGreaterThan(Date.now())
    expect([(await bench.rowOf(silent)).status, (await bench.rowOf(byHand)).status]).toEqual(['paused', 'paused'])
    expect(await history(asking)).toEqual([['resume', 'reconnected']])
  })
})

it('the gate draws between the two bounds, and twice as slow for a number that has just come back', () => {
  const pace = { delayMinMs: 5000, delayMaxMs: 9000, window: null, timeZone: 'UTC', isSlow: false }
  const gate = new PaceGate(pace)
  expect([gate.drawGapMs(0), gate.drawGapMs(0.5), gate.drawGapMs(1)]).toEqual([5000, 7000, 9000])
  gate.follow({ ...pace, isSlow: true })
  expect([gate.shortestGapMs, gate.drawGapMs(0)]).toEqual([10_000, 10_000])
  gate.follow({ ...pace, delayMinMs: 0, delayMaxMs: 0, isSlow: true })
  expect(gate.drawGapMs()).toBe(2000)
})

it('the estimate counts only hours in which the campaign may send', () => {
  const counts = {
    pending: 720,
    retrying: 0,
    sending: 0,
    sent: 0,
    delivered: 0,
    read: 0,
    failed: 0,
    skipped: 0,
    unknown: 0,
    cancelled: 0,
  }
  const campaign = {
    status: 'running' as const,
    delay_min_ms: 10_000,
    delay_max_ms: 10_000,
    messages: [{ type: 'text' as const, content: 'x' }],
    sending_window: { startTime: '09:00', endTime: '10:00', days: ALL_DAYS },
    time_zone: 'UTC',
  }
  const at = new Date('2026-11-23T09:30:00Z')
  // Two hours of work: half an hour today, an hour tomorrow, half an hour the day after.
  expect(estimateSecondsRemaining(campaign, counts, 0, at)).toBe(2 * 86_400)
  expect(estimateSecondsRemaining({ ...campaign, sending_window: null }, counts, 0, at)).toBe(7200)
})
