import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { SendingWindow } from '#contract/campaigns.ts'
import { balance } from '../lab/balance.ts'
import { createUser, sandboxChannel, startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { Site } from '../lab/Site.ts'

const run = promisify(execFile)

const PROCESS_ZONES = ['UTC', 'Asia/Tokyo', 'America/Sao_Paulo']
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
const MINUTE_MS = 60_000
const EDGE_MS = 1000
const SIZE = 200

/** The module itself, in a process of another zone: hours around the changes of the clocks, midnight and weekends. */
const DECISIONS = `
  const { windowStateAt, finishWithin } = await import(process.argv[1])
  const windows = [['22:00', '06:00', [0,1,2,3,4,5,6]], ['08:00', '18:00', [1,2,3,4,5]], ['02:30', '03:30', [0]], ['00:00', '00:00', [6]], ['23:59', '00:01', [0,6]]]
  const zones = ['America/New_York', 'America/Sao_Paulo', 'Europe/Lisbon', 'Australia/Lord_Howe', 'Pacific/Kiritimati']
  const days = ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01', '2026-04-05', '2026-12-31']
  const out = []
  for (const zone of zones) for (const day of days) for (const [startTime, endTime, weekdays] of windows)
    for (let hour = -24; hour < 48; hour += 0.5) {
      const at = new Date(Date.parse(day + 'T00:00:00Z') + hour * 3600000)
      const { isOpen, until } = windowStateAt({ startTime, endTime, days: weekdays }, zone, at)
      out.push((isOpen ? 1 : 0) + ' ' + (until?.toISOString() ?? '-'))
    }
  const night = { startTime: '22:00', endTime: '06:00', days: [0,1,2,3,4,5,6] }
  const openHours = (from) => { const at = new Date(from); const { until } = windowStateAt(night, 'America/New_York', at); return (until - at) / 3600000 }
  const { createHash } = await import('node:crypto')
  console.log(JSON.stringify({ count: out.length, hash: createHash('sha256').update(out.join()).digest('hex'), spring: openHours('2026-03-08T03:00:00Z'), autumn: openHours('2026-11-01T02:00:00Z'), tz: new Date(0).getHours() }))
`
const MODULE = fileURLToPath(new URL('../../server/src/campaigns/sendingWindow.ts', import.meta.url))

type Decisions = { count: number; hash: string; spring: number; autumn: number; tz: number }

/** Windows are decided in the campaign's zone, wherever the process lives; not one request leaves outside. */
export async function sendingWindows(lab: Lab): Promise<Numbers> {
  const decisions = await Promise.all(PROCESS_ZONES.map(decideIn))
  check(
    new Set(decisions.map(({ tz }) => tz)).size === PROCESS_ZONES.length,
    'The processes did not live in three zones.',
  )
  check(new Set(decisions.map(({ hash }) => hash)).size === 1, 'Processes in different zones decide differently.')
  const [{ count, spring, autumn } = { count: 0, spring: 0, autumn: 0 }] = decisions
  check(spring === 7 && autumn === 9, `The nights of the clock changes have ${spring} and ${autumn} hours.`)
  const live = await Promise.all(PROCESS_ZONES.map((zone) => sendIn(lab, zone)))
  check(
    new Set(live.map(({ waits }) => waits)).size === 1,
    `The servers wait until ${live.map(({ waits }) => waits).join(' | ')}.`,
  )
  return {
    'decisions compared in each zone': count,
    'requests inside the window': live.map(({ inside }) => inside).join(', '),
    'first request after its opening, ms': live.map(({ firstMs }) => firstMs).join(', '),
    'requests outside': 0,
  }
}

async function decideIn(zone: string): Promise<Decisions> {
  const args = ['--input-type=module', '-e', DECISIONS, MODULE]
  const { stdout } = await run(process.execPath, args, { env: { PATH: process.env['PATH'] ?? '', TZ: zone } })
  return JSON.parse(stdout) as Decisions
}

/** A server in `zone`: what it waits for, and what it does around a window of one minute. */
async function sendIn(lab: Lab, zone: string): Promise<{ waits: string; inside: number; firstMs: number }> {
  const site = lab.embeddedSite({ TZ: zone })
  await site.start()
  await createUser(site)
  const waits = await waitsOf(lab, site)
  const timeZone = 'America/New_York'
  // Not the minute that is about to begin: the campaign must be there before.
  const opensAt = Math.ceil((Date.now() + 5000) / MINUTE_MS) * MINUTE_MS
  const closesAt = opensAt + MINUTE_MS
  const window = { startTime: wallTime(opensAt, timeZone), endTime: wallTime(closesAt, timeZone), days: EVERY_DAY }
  const campaign = await startCampaign(site, await sandboxChannel(site), site.gateway, SIZE, {
    delayMin: 0.5,
    delayMax: 0.5,
    sendingWindow: window,
    timeZone,
  })
  const watchUntil = lab.rounds(1, 0) === 1 ? closesAt + 5000 : opensAt + 5000
  await until('the end of the watch', () => (Date.now() >= watchUntil ? true : null), {
    limitMs: 3 * MINUTE_MS,
    everyMs: 200,
  })
  const times = (await campaign.ledger()).filter(({ kind }) => kind === 'read').map(({ t }) => Date.parse(t))
  const outside = times.filter((at) => at < opensAt - EDGE_MS || at > closesAt + EDGE_MS)
  check(outside.length === 0, `With TZ=${zone} ${outside.length} requests left outside the window.`)
  if (times.length === 0) {
    const { status, waitsUntil, stats } = await campaign.progress()
    const seen = JSON.stringify({ status, waitsUntil, ...stats, window, opensAt: new Date(opensAt) })
    check(false, `With TZ=${zone} nothing left inside the window: ${seen}.`)
  }
  await campaign.pause()
  await balance(campaign, { completed: false })
  return { waits, inside: times.length, firstMs: (times[0] ?? 0) - opensAt }
}

/** Until when campaigns with closed windows wait, as the API says. */
async function waitsOf(lab: Lab, site: Site): Promise<string> {
  const channel = await sandboxChannel(site, { name: 'waiting' })
  const inDays = (count: number) => [(new Date().getUTCDay() + count) % 7]
  const windows: [SendingWindow, string][] = [
    [{ startTime: '22:00', endTime: '06:00', days: inDays(3) }, 'America/Sao_Paulo'],
    [{ startTime: '08:00', endTime: '18:00', days: inDays(4) }, 'Asia/Tokyo'],
    [{ startTime: '02:30', endTime: '03:00', days: inDays(3) }, 'Australia/Lord_Howe'],
  ]
  const waits: string[] = []
  for (const [sendingWindow, timeZone] of windows) {
    const campaign = await startCampaign(site, channel, site.gateway, 1, { sendingWindow, timeZone })
    const waitsUntil = await until('a wait', async () => (await campaign.progress()).waitsUntil, {
      limitMs: lab.limit(10_000),
    })
    waits.push(waitsUntil)
  }
  return waits.join(' ')
}

function wallTime(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
}
