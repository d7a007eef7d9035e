import type { FailpointName } from '#server/lib/failpoints.ts'
import { balance } from '../lab/balance.ts'
import { check, most, until } from '../lab/check.ts'
import { phonesOf } from '../lab/importPeople.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'

const SIZE = 300
const IN_FLIGHT = 4
const AUTO_PAUSE_MS = 1000
const NOT_ON_WHATSAPP = 'no LID found for 1@s.whatsapp.net from server'

/** What is broken, and how often: a classifier that always throws could not know any category from a text. */
const BROKEN: { at: FailpointName; times: number | null }[] = [
  { at: 'during_log', times: null },
  { at: 'during_error_log', times: null },
  { at: 'during_classify', times: 1 },
  { at: 'during_classify', times: null },
]

/**
 * Logger, error log and classifier throw, one at a time: who fails still fails for the original reason, a refused token
 * still pauses the campaign, and the books balance.
 */
export async function brokenErrorPath(lab: Lab): Promise<Numbers> {
  const pausesMs: number[] = []
  for (const broken of BROKEN.slice(0, lab.rounds(4, 2))) pausesMs.push(await failUnder(lab, broken))
  return { variants: pausesMs.length, 'auto-pause after the first refusal, most ms': most(pausesMs) }
}

async function failUnder(lab: Lab, { at, times }: (typeof BROKEN)[number]): Promise<number> {
  const site = lab.embeddedSite({ NODE_ENV: 'test', FAILPOINTS: JSON.stringify([{ at, do: 'throw', times }]) })
  await site.start()
  await site.setUp({ maxInFlight: IN_FLIGHT, latencyMinMs: 10, latencyMaxMs: 20 })
  const [stranger = ''] = phonesOf(1)
  const knowsReasons = at !== 'during_classify' || times !== null
  if (knowsReasons) await scriptStranger(site, stranger)
  const campaign = await site.createCampaign(SIZE, { randomizeOrder: false })
  await campaign.untilAccepted(50, { limitMs: lab.limit(20_000) })
  const pausedMs = await refuseToken(lab, campaign)
  await site.gateway.script(knowsReasons ? { [stranger.slice(1)]: notOnWhatsapp() } : {})
  await campaign.resume()
  await campaign.untilCompleted(lab.limit(60_000))
  const books = await balance(campaign)
  const expected = knowsReasons ? SIZE - 1 : SIZE
  check(books.accepted === expected, `${at}: ${books.accepted} of ${expected} were reached.`)
  if (knowsReasons) await checkCategory(campaign, at)
  await site.close()
  return pausedMs
}

function scriptStranger(site: Site, stranger: string): Promise<void> {
  return site.gateway.script({ [stranger.slice(1)]: notOnWhatsapp() })
}

function notOnWhatsapp(): object[] {
  return Array.from({ length: 8 }, () => ({ kind: 'error', error: NOT_ON_WHATSAPP }))
}

/** From now on the gateway refuses the token; returns how long after its first such answer the campaign was paused. */
async function refuseToken(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const { gateway } = campaign.site
  const refusal = { kind: 'answer', status: 401, body: '{"code":401,"error":"unauthorized","success":false}' }
  await gateway.script({ '*': Array.from({ length: 1000 }, () => refusal) })
  const paused = async () => {
    const now = await campaign.progress()
    return now.status === 'paused' ? now : null
  }
  const { pauseReason } = await until('the auto-pause', paused, { limitMs: lab.limit(5000), everyMs: 10 })
  check(pauseReason === 'unauthorized', `The campaign is paused for ${pauseReason}.`)
  const refused = (await campaign.ledger()).filter(
    ({ kind, verdict }) => kind === 'refused' && verdict === 'script: answer',
  )
  const firstAt = Date.parse(refused[0]?.t ?? '')
  const [audit] = await campaign.site.query<{ at: Date }>(
    `select created_at as at from campaign_audit_logs where campaign_id = $1 and action = 'auto-pause'`,
    [campaign.id],
  )
  const tookMs = (audit?.at.getTime() ?? Infinity) - firstAt
  check(tookMs <= lab.limit(AUTO_PAUSE_MS), `The auto-pause came ${tookMs} ms after the first refusal.`)
  check(
    refused.length <= 1 + IN_FLIGHT,
    `${refused.length - 1} further requests were refused; ${IN_FLIGHT} are allowed.`,
  )
  return tookMs
}

async function checkCategory(campaign: ObservedCampaign, at: string): Promise<void> {
  const failed = await campaign.site.query<{ category: string }>(
    `select error_category as category from campaign_contacts where campaign_id = $1 and status = 'failed'`,
    [campaign.id],
  )
  const found = failed.map(({ category }) => category).join()
  check(found === 'INVALID_NUMBER', `${at}: failed for ${found || 'nothing'}, not once for INVALID_NUMBER.`)
}
