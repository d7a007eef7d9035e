import { setTimeout as sleep } from 'node:timers/promises'
import { findProblems, readBooks } from '../lab/balance.ts'
import { check, ExpectationFailed, most } from '../lab/check.ts'
import { Crew } from '../lab/Crew.ts'
import type { LedgerLine } from '../lab/GatewayControl.ts'
import { HeapWatch, slopePerHour, type HeapUse } from '../lab/HeapWatch.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'
import { calmDown, doDamage, type Target } from '../lab/soakDamage.ts'
import { openSoakChannels, phonesOfCampaign, type SoakChannel } from '../lab/soakChannels.ts'
import { parseMessageId } from '#server/recipients/messageId.ts'

const WORKERS = 4
const SAMPLE_EVERY_MS = 10_000
/** Caches fill, code is compiled: the slope is taken from what comes after this part of the time. */
const WARM_UP = 0.3
const MAX_SLOPE_BYTES = 1_000_000
const MIN_SAMPLES = 15
/** Files that come and go at any moment. */
const FILES_LEEWAY = 5
/** Idle connections to the database are closed after 30 s. */
const REST_MS = 40_000
/** Claimed and not settled, per channel: a batch, and as much again that waits for its settle. */
const MAX_SENDING = 200

/**
 * Workers, tenants and channels under everything that the other cases do one at a time, in random order for a long
 * time: the books of every campaign balance, and what never died has not grown.
 */
export async function soak(lab: Lab): Promise<Numbers> {
  const minutes = lab.minutes ?? lab.rounds(20, 1)
  const postgres = await lab.postgres()
  const line = await lab.proxy(postgres.socket)
  const site = await lab.externalSite({ LEASE_SECONDS: '6', SYNC_SECONDS: '5', DATABASE_POOL: '5' }, { through: line })
  const watches = {
    api: await HeapWatch.on((settings) => site.start('api', settings)),
    worker: await HeapWatch.on((settings) => site.start('worker', settings)),
  }
  const crew = new Crew(site, WORKERS - 1)
  await crew.untilReady()
  const channels = await openSoakChannels(site)
  const before = { api: watches.api.openFiles, worker: watches.worker.openFiles }
  const target: Target = { crew, postgres, line, channels, random: lab.random, damages: {} }
  const samples = { api: [] as Sample[], worker: [] as Sample[], sending: [] as number[] }
  const endsAt = performance.now() + minutes * 60_000
  const isOver = () => performance.now() > endsAt
  const ends = await Promise.allSettled([
    ...channels.map((channel) => channel.keepBusy(isOver)),
    damageUntil(target, isOver, lab),
    sampleUntil(site, watches, samples, isOver),
  ])
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  await calmDown(target)
  await Promise.all(channels.map((channel) => channel.finish(lab.limit(180_000))))
  const totals = await balanceAll(site, channels)
  await crew.dismiss()
  await sleep(REST_MS)
  const after = { api: watches.api.openFiles, worker: watches.worker.openFiles }
  for (const who of ['api', 'worker'] as const) {
    check(after[who] <= before[who] + FILES_LEEWAY, `The ${who} had ${before[who]} files open and has ${after[who]}.`)
  }
  check(most(samples.sending) <= MAX_SENDING * channels.length, `${most(samples.sending)} rows were claimed at once.`)
  return {
    minutes,
    ...totals,
    'damages done': Object.values(target.damages).reduce((sum, n) => sum + n, 0),
    ...target.damages,
    'most rows claimed at once': most(samples.sending),
    ...checkSlopes(samples),
    'files of the api before and after': `${before.api}, ${after.api}`,
    'files of the worker before and after': `${before.worker}, ${after.worker}`,
  }
}

type Sample = { atMs: number; use: HeapUse }

async function damageUntil(target: Target, isOver: () => boolean, lab: Lab): Promise<void> {
  while (!isOver()) {
    lab.tell(await doDamage(target))
    await sleep(lab.random.between(500, 4000))
  }
}

async function sampleUntil(
  site: Site,
  watches: Record<'api' | 'worker', HeapWatch>,
  samples: { api: Sample[]; worker: Sample[]; sending: number[] },
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await sleep(SAMPLE_EVERY_MS)
    for (const who of ['api', 'worker'] as const)
      samples[who].push({ use: await watches[who].use(), atMs: performance.now() })
    const rows = await site
      .query<{ n: number }>('select coalesce(sum(sending), 0)::int as n from campaign_counts')
      .catch(() => [])
    samples.sending.push(rows[0]?.n ?? 0)
  }
}

/**
 * In kB per hour, with twice the standard error. Only what the program keeps is held to the limit; compiled code is shown
 * beside it. Less than some minutes of samples tell nothing and are held to nothing.
 */
function checkSlopes(samples: Record<'api' | 'worker', Sample[]>): Numbers {
  const numbers: Numbers = {}
  let grows = false
  for (const who of ['api', 'worker'] as const) {
    const warm = samples[who].slice(Math.floor(samples[who].length * WARM_UP))
    for (const what of ['data', 'code'] as const) {
      const { slope, error } = slopePerHour(warm.map(({ atMs, use }) => [atMs, use[what]] as const))
      numbers[`heap of the ${who} (${what}), kB per hour`] = `${kB(slope)} ± ${kB(2 * error)}`
      grows ||= what === 'data' && warm.length >= MIN_SAMPLES && slope >= MAX_SLOPE_BYTES
    }
  }
  check(!grows, `The heap grows: ${JSON.stringify(numbers)}.`)
  return numbers
}

function kB(bytes: number): number {
  return Math.round(bytes / 1000)
}

/** The oracle over every campaign that there is, each against the ledger of its channel. */
async function balanceAll(site: Site, channels: SoakChannel[]): Promise<Numbers> {
  const totals = { campaigns: 0, recipients: 0, accepted: 0, unknown: 0 }
  for (const channel of channels) {
    const ledger = byTag(await channel.gateway.ledger())
    for (const { id, name } of await channel.campaigns()) {
      const observed = new ObservedCampaign(site, id, phonesOfCampaign(name))
      const books = await readBooks(observed)
      const completed = books.status === 'completed'
      const problems = findProblems({ ...books, completed }, observed.phones, ledger.get(books.tag) ?? [])
      if (problems.length > 0) throw new ExpectationFailed(`${name} of ${channel.name}:\n${problems.join('\n')}`)
      totals.campaigns += 1
      totals.recipients += books.rows.length
      totals.accepted += books.rows.filter(({ status }) => ['sent', 'delivered', 'read'].includes(status)).length
      totals.unknown += books.rows.filter(({ status }) => status === 'unknown').length
    }
  }
  return totals
}

function byTag(lines: LedgerLine[]): Map<number, LedgerLine[]> {
  return Map.groupBy(lines, ({ messageId }) => parseMessageId(messageId)?.tag ?? -1)
}
