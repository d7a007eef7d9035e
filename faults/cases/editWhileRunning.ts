import { setTimeout as sleep } from 'node:timers/promises'
import type { CampaignDetails } from '#contract/campaigns.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { sandboxNumbers } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { POLL_MS } from '../lab/Site.ts'

const IN_FLIGHT = 4
const SLOW_S = 60
/** The look at the campaign before a request may be so old. */
const KNOWN_MS = 250

/** Text and pace are patched mid-run: the text is frozen, the pace holds within a poll, both ways. */
export async function editWhileRunning(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const [number] = await sandboxNumbers(site, 1, { maxInFlight: IN_FLIGHT, latencyMinMs: 20, latencyMaxMs: 40 })
  check(number !== undefined, 'There is a number.')
  const campaign = await number.campaign(lab.rounds(1500, 400))
  const before = await details(campaign)
  const followedMs: number[] = []
  const wokenMs: number[] = []
  for (let edit = 1; edit <= lab.rounds(5, 2); edit++) {
    await campaign.untilAccepted(40 * edit, { limitMs: lab.limit(20_000) })
    await refuseText(campaign, edit)
    followedMs.push(await slowDown(lab, campaign))
    wokenMs.push(await speedUp(lab, campaign))
  }
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated.`)
  const after = await details(campaign)
  check(JSON.stringify(after.messages) === JSON.stringify(before.messages), 'The text changed mid-run.')
  return {
    edits: followedMs.length,
    'last request after a slower pace, most ms': Math.max(...followedMs),
    'first request after a faster pace, most ms': Math.max(...wokenMs),
  }
}

function details({ site, id }: ObservedCampaign): Promise<CampaignDetails> {
  return site.api.get(`/api/user/bulk-campaigns/${id}`)
}

function patch({ site, id }: ObservedCampaign, body: object): Promise<Response> {
  return site.api.send('PATCH', `/api/user/bulk-campaigns/${id}/config`, JSON.stringify(body))
}

async function refuseText(campaign: ObservedCampaign, edit: number): Promise<void> {
  const { status } = await patch(campaign, { messages: [{ type: 'text', content: `Outro texto ${edit}` }] })
  check(status === 409, `A new text mid-run was answered ${status}.`)
}

/** Returns how long after the patch the gateway read the last request of the old pace. */
async function slowDown(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const { status } = await patch(campaign, { delayMin: SLOW_S, delayMax: SLOW_S })
  const patchedAt = Date.now()
  check(status === 200, `A slower pace was answered ${status}.`)
  await sleep(lab.limit(POLL_MS + KNOWN_MS) + 300)
  const late = await readsAfter(campaign, patchedAt)
  const last = late.at(-1) ?? 0
  check(last <= lab.limit(POLL_MS + KNOWN_MS), `Requests of the old pace came until ${last} ms after the patch.`)
  return last
}

/** Returns how long after the patch the first request came again. */
async function speedUp(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const { status } = await patch(campaign, { delayMin: 0, delayMax: 0 })
  const patchedAt = Date.now()
  check(status === 200, `A faster pace was answered ${status}.`)
  const limitMs = lab.limit(POLL_MS + KNOWN_MS) + 300
  return until('a request at the new pace', async () => (await readsAfter(campaign, patchedAt))[0] ?? null, { limitMs })
}

/** Milliseconds from `since` to each request that the gateway read later. */
async function readsAfter(campaign: ObservedCampaign, since: number): Promise<number[]> {
  return (await campaign.ledger())
    .filter(({ kind, t }) => kind === 'read' && Date.parse(t) > since)
    .map(({ t }) => Date.parse(t) - since)
}
