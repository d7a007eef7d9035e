import { setTimeout as sleep } from 'node:timers/promises'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { createUser, knownAddress, sandboxChannel } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import { bodyOf, sandboxHook, untilApplied } from '../lab/hooks.ts'
import { countedRows, messageIdsOf, statesOf } from '../lab/hookBooks.ts'
import { callerOf } from '../lab/hookSite.ts'
import { campaignFromFile, importFor } from '../lab/importPeople.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'
import { percentile, statusesOf, storm, type Storm } from '../lab/storm.ts'

const PER_SECOND = 2000
const ANSWER_MS = 500
/** Of the rate of sending that must be left. */
const LEAST_PART = 0.8
/**
 * The gateway sets the pace of the campaign, as every real one does: 16 under way, 100 ms each, twice what Meta allows a
 * number. One that is bound by the processor alone would share it with whatever else the machine does.
 */
const LATENCY = { latencyMinMs: 90, latencyMaxMs: 110 }
const OTHERS = 2000
const MOST_OPEN = 900

/**
 * Two thousand calls a second while a campaign goes out: each is answered soon, by 503 where it is too much; what was
 * answered with 200 outlives `kill -9` of database and server; and the campaign goes on nearly as fast as before.
 */
export async function webhookStorm(lab: Lab): Promise<Numbers> {
  return { ...(await stormWhileSending(lab)), ...(await stormWithDeaths(lab)) }
}

async function stormWhileSending(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite(await knownAddress())
  await site.start()
  await site.setUp({ latencyMinMs: 0, latencyMaxMs: 1 })
  const others = await othersOf(lab, site)
  const [beforeMs, stormMs] = [lab.rounds(20_000, 5000), lab.rounds(60_000, 6000)]
  await site.gateway.behave(LATENCY)
  const campaign = await campaignFromFile(lab, site, lab.rounds(20_000, 4000))
  await campaign.untilAccepted(100, { limitMs: lab.limit(30_000) })
  const hook = await sandboxHook(site, site.channelId)
  const caller = callerOf(lab, site, 256)
  const before = await sendRate(site, () => sleep(beforeMs))

  const ids = [...others.ids, ...(await messageIdsOf(campaign)).slice(0, OTHERS)]
  const idOf = (n: number) => ids[n % ids.length] ?? ''
  const perSecond = lab.rounds(PER_SECOND, 500)
  const plan = { perSecond, forMs: stormMs, mostOpen: MOST_OPEN }
  let result: Storm | null = null
  const during = await sendRate(site, async () => {
    result = await storm(caller, hook, {
      ...plan,
      bodyOf: (n) => bodyOf(hook, [{ id: idOf(n), state: n < ids.length ? 'delivered' : 'read' }], n),
    })
  })
  const answers = judgeAnswers(lab, result)
  check(
    during >= (before * LEAST_PART) / lab.slack,
    `${during} messages a second during the storm, ${before} before: less than ${LEAST_PART}.`,
  )
  await untilApplied(site, lab.limit(120_000))
  const lost = await lostOf(others, answers, ids.length)
  check(lost === 0, `${lost} reports were answered with 200 and are not in the books.`)
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 1 })
  const books = await balanceAtEnd(campaign, lab.limit(120_000))
  return {
    'calls a second, asked for': perSecond,
    'calls a second, reached': answers.reached,
    ...Object.fromEntries(Object.entries(statusesOf(answers)).map(([status, n]) => [`answered with ${status}`, n])),
    'answered within, median/p99 ms': `${percentile(answers.answered, 0.5)}/${percentile(answers.answered, 0.99)}`,
    'messages a second, before/during': `${before}/${during}`,
    'reports answered with 200 and lost': lost,
    recipients: books.recipients,
  }
}

/** A campaign whose messages have been accepted, for the reports to speak of. */
async function othersOf(lab: Lab, site: Site): Promise<{ campaign: ObservedCampaign; ids: string[] }> {
  const importIds = [await importFor(lab, site, OTHERS)]
  const campaign = await site.createCampaign(OTHERS, { name: 'others', recipients: { importIds } })
  await campaign.untilCompleted(lab.limit(60_000))
  return { campaign, ids: await messageIdsOf(campaign) }
}

/** Requests that the gateway read, a second, while `work` goes on. */
async function sendRate(site: Site, work: () => Promise<unknown>): Promise<number> {
  const [since, read] = [performance.now(), await site.gateway.readCount()]
  await work()
  return Math.round(((await site.gateway.readCount()) - read) / ((performance.now() - since) / 1000))
}

function judgeAnswers(lab: Lab, result: Storm | null): Storm {
  check(result !== null, 'There was no storm.')
  const strange = result.answered.find(({ status }) => status !== 200 && status !== 503)
  check(strange === undefined, `A call was answered with ${strange?.status}.`)
  check(result.unanswered === 0, `${result.unanswered} calls were not answered.`)
  const p99 = percentile(result.answered, 0.99)
  check(p99 <= lab.limit(ANSWER_MS), `p99 is ${p99} ms at ${result.reached} calls a second.`)
  return result
}

/** Whoever was reported read with a 200 and is not called so. */
async function lostOf(others: { campaign: ObservedCampaign; ids: string[] }, { answered }: Storm, round: number) {
  const states = await statesOf(others.campaign)
  await countedRows(others.campaign)
  const read = answered.filter(({ n, status }) => status === 200 && n >= round && n % round < others.ids.length)
  return read.filter(({ n }) => states[n % round] !== 'read').length
}

/** Without a worker what was stored stays where it is, and can be counted. */
async function stormWithDeaths(lab: Lab): Promise<Numbers> {
  const postgres = await lab.postgres()
  const site = await lab.externalSite(await knownAddress())
  let server = await site.start('api')
  await createUser(site)
  const channel = await sandboxChannel(site)
  const hook = await sandboxHook(site, channel.id)
  const caller = callerOf(lab, site, 256)
  const idOf = (n: number) => messageIdOf(0xffffffff, n + 1, 0)
  const plan = { perSecond: lab.rounds(PER_SECOND, 500), forMs: lab.rounds(20_000, 6000), mostOpen: MOST_OPEN }
  let isDying = true
  const goesOn = () => isDying
  const going = storm(caller, hook, { ...plan, goesOn, bodyOf: (n) => bodyOf(hook, [{ id: idOf(n), state: 'read' }]) })
  const pauseMs = plan.forMs / 5
  const deaths = lab.rounds(3, 1)
  for (let death = 0; death < deaths; death++) {
    await sleep(pauseMs / 2)
    await postgres.restart('kill', lab.limit(20_000))
    await sleep(pauseMs / 2)
    await server.kill()
    server = await site.start('api')
  }
  isDying = false
  const { answered, unanswered, reached } = await going
  const rows = await site.query<{ id: string }>(`select events->0->'messageIds'->>0 as id from webhook_inbox`)
  const stored = new Set(rows.map(({ id }) => id))
  const taken = answered.filter(({ status }) => status === 200)
  const lost = taken.filter(({ n }) => !stored.has(idOf(n))).length
  check(lost === 0, `${lost} of ${taken.length} calls were answered with 200 and are not stored.`)
  check(stored.size === rows.length, `${rows.length - stored.size} calls were stored twice.`)
  check(taken.length > 0, 'No call was taken.')
  return {
    'kills of database and server': deaths * 2,
    'with kills: calls a second': reached,
    'with kills: answered with 200': taken.length,
    'with kills: told to come again': answered.length - taken.length,
    'with kills: cut off': unanswered,
    'with kills: answered with 200 and lost': lost,
  }
}
