import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { createLogger } from '#server/lib/logger.ts'
import { balance, balanceAtEnd } from '../lab/balance.ts'
import { createUser, sandboxChannel, startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Role, ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const log = createLogger({ level: 'silent' })
const SIZE = 20
const LATE = { '1 min': 1, '14 min': 14, '16 min': 16, '4 h': 240, '3 d': 4320 }
/** A start later than this waits for a person. */
const MISSED_AFTER_MINUTES = 15
const DECIDED_WITHIN_MS = 5000

/**
 * Everything was down across the due time: a little late runs, very late waits for a person, and never both. No clock
 * is moved; what moves is the time that was meant.
 */
export async function missedSchedules(lab: Lab): Promise<Numbers> {
  return {
    ...(await missOn(lab, 'embedded', lab.embeddedSite(), ['all'])),
    ...(await missOn(lab, 'external', await lab.externalSite(), ['api', 'worker', 'worker'])),
  }
}

async function missOn(lab: Lab, name: string, site: Site, roles: Role[]): Promise<Numbers> {
  const servers = await startAll(site, roles)
  await createUser(site)
  const channel = await sandboxChannel(site)
  const scheduledAt = new Date(Date.now() + 86_400_000).toISOString()
  const campaigns: { late: string; minutes: number; campaign: ObservedCampaign }[] = []
  for (const [late, minutes] of Object.entries(LATE)) {
    const campaign = await startCampaign(site, channel, site.gateway, SIZE, { start: false, scheduledAt })
    campaigns.push({ late, minutes, campaign })
  }
  const isPrepared = async () => {
    for (const { campaign } of campaigns) if ((await campaign.progress()).preparing) return null
    return true
  }
  await until('the audiences', isPrepared, { limitMs: lab.limit(10_000) })
  await Promise.all(servers.map((server) => server.stop()))
  await moveBack(site, name === 'embedded', campaigns)
  await startAll(site, roles)
  const numbers: Numbers = {}
  for (const { late, minutes, campaign } of campaigns)
    numbers[`${name}, ${late} late`] = await judge(lab, campaign, minutes > MISSED_AFTER_MINUTES)
  return numbers
}

function startAll(site: Site, roles: Role[]): Promise<ServerProcess[]> {
  return Promise.all(roles.map((role) => site.start(role)))
}

/** While nobody of ours runs: an embedded database is opened for it. */
async function moveBack(site: Site, isEmbedded: boolean, campaigns: { minutes: number; campaign: ObservedCampaign }[]) {
  const postgres = isEmbedded ? await startEmbeddedPostgres({ directory: site.directory, log }) : null
  try {
    for (const { minutes, campaign } of campaigns) {
      await site.change(
        `update campaigns set scheduled_at = clock_timestamp() - interval '${minutes} minutes' where id = '${campaign.id}'`,
      )
    }
  } finally {
    await postgres?.stop()
  }
}

async function judge(lab: Lab, campaign: ObservedCampaign, isMissed: boolean): Promise<string> {
  if (!isMissed) {
    await balanceAtEnd(campaign, lab.limit(30_000))
    await checkTrail(campaign, 'create start complete')
    return 'ran'
  }
  await campaign.untilPaused('missed', lab.limit(DECIDED_WITHIN_MS))
  await sleep(1000)
  const early = (await campaign.ledger()).length
  check(early === 0, `${early} requests left before anybody decided.`)
  await balance(campaign, { completed: false })
  await campaign.resume()
  await balanceAtEnd(campaign, lab.limit(30_000))
  await checkTrail(campaign, 'create auto-pause resume complete')
  return 'waited for a person'
}

async function checkTrail(campaign: ObservedCampaign, wanted: string): Promise<void> {
  const actions = (await campaign.auditActions()).join(' ')
  check(actions === wanted, `The trail is "${actions}", not "${wanted}".`)
}
