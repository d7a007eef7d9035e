import { balance } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { IN_FLIGHT, type Site } from '../lab/Site.ts'

const SIZE = 200

/** What a resend may meet at the gateway; whatever it is, somebody who was reached must not be called failed. */
const ANSWERS_TO_RESEND = {
  'an error for good': { kind: 'error', error: 'server returned error 403' },
  'the message again': { kind: 'sent' },
  'an error that passes': { kind: 'error', error: 'server returned error 503' },
}

/**
 * The server dies after the gateway accepted messages and before it heard so. The same ids are sent again and the
 * recipients see one message each; also when the gateway refuses the resend, the first one is not denied.
 */
export async function deathBeforeSettle(lab: Lab): Promise<Numbers> {
  const numbers: Numbers = {}
  for (const [answer, verdict] of Object.entries(ANSWERS_TO_RESEND).slice(0, lab.rounds(3, 1))) {
    const site = lab.embeddedSite()
    const unknown = await dieWithAccepted(lab, site, verdict)
    numbers[`resend answered with ${answer}: unknown`] = unknown
  }
  return numbers
}

async function dieWithAccepted(lab: Lab, site: Site, resend: object): Promise<number> {
  const server = await site.start()
  await site.setUp({ latencyMinMs: 0, latencyMaxMs: 2 })
  await site.gateway.script({ '*': Array.from({ length: IN_FLIGHT }, () => ({ kind: 'hang', accept: true })) })
  const campaign = await site.createCampaign(SIZE)
  const numbers = await until('accepted messages without an answer', () => acceptedNumbers(campaign), {
    limitMs: lab.limit(20_000),
  })
  await server.kill()
  await site.gateway.script(Object.fromEntries(numbers.map((number) => [number, [resend]])))
  await site.start()
  await campaign.resume()
  await campaign.untilCompleted(lab.limit(60_000))
  const books = await balance(campaign)
  check(
    books.accepted + books.unknown === SIZE,
    `${books.accepted} of ${SIZE} people were reached, ${books.unknown} are unknown.`,
  )
  check(
    books.repeatedRequests >= IN_FLIGHT,
    `Only ${books.repeatedRequests} requests were repeated; ${IN_FLIGHT} had no answer.`,
  )
  return books.unknown
}

async function acceptedNumbers(campaign: ObservedCampaign): Promise<string[] | null> {
  const accepted = (await campaign.ledger()).filter(({ kind }) => kind === 'accepted')
  return accepted.length === IN_FLIGHT ? accepted.map(({ number }) => number) : null
}
