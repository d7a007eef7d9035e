import { balance, balanceAtEnd } from '../lab/balance.ts'
import { knownAddress, createUser, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import { CloudNumber } from '../lab/CloudNumber.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { rowsOf } from '../lab/observe.ts'
import { accept, late } from '../lab/replies.ts'

const SIZE = 20
/** Fewer than what opens the breaker. */
const LATE = 4

/** Deadline, answer and webhook as in the field, or all of them a tenth. */
const TIMES = {
  full: { deadlineMs: 15_000, answerMs: 20_000, webhookMs: 5000 },
  short: { deadlineMs: 1500, answerMs: 2000, webhookMs: 3000 },
}

/** The gateway accepts after we have given up: the webhook tells, or the same id is sent again; nobody gets it twice. */
export async function lateSuccess(lab: Lab): Promise<Numbers> {
  const times = lab.rounds(1, 0) === 1 ? TIMES.full : TIMES.short
  return { ...(await lateOnCloud(lab, times)), ...(await lateOnWuzapi(lab, times)) }
}

async function lateOnCloud(lab: Lab, { deadlineMs, answerMs, webhookMs }: typeof TIMES.full): Promise<Numbers> {
  const site = lab.embeddedSite({ ...(await knownAddress()), GATEWAY_DEADLINE_MS: String(deadlineMs) })
  await site.start()
  await createUser(site)
  const number = await CloudNumber.register(site, {
    sentDelayMs: webhookMs,
    delivered: 1,
    deliveredDelayMinMs: 500,
    deliveredDelayMaxMs: 500,
  })
  const phones = Array.from({ length: LATE }, (_, i) => `55119${70_000_000 + i}`)
  await number.script(Object.fromEntries(phones.map((phone) => [phone, [{ kind: 'delay', ms: answerMs }]])))
  const campaign = await startCampaign(site, number.channel, number, SIZE)
  const unknownRows = async () => (await rowsOf(campaign)).filter(({ status }) => status === 'unknown')
  await until('maybe-sent messages', async () => ((await unknownRows()).length === LATE ? true : null), {
    limitMs: lab.limit(deadlineMs + 5000),
  })
  const since = performance.now()
  await until('the webhooks that resolve them', async () => ((await unknownRows()).length === 0 ? true : null), {
    limitMs: lab.limit(answerMs - deadlineMs + webhookMs + 5000),
  })
  const resolvedMs = Math.round(performance.now() - since)
  await campaign.untilCompleted(lab.limit(10_000))
  const isDelivered = async () => ((await rowsOf(campaign)).every(({ status }) => status === 'delivered') ? true : null)
  await until('the deliveries', isDelivered, { limitMs: lab.limit(10_000) })
  const books = await balance(campaign)
  check(
    books.accepted === SIZE && books.unknown === 0,
    `${books.accepted} of ${SIZE} were reached, ${books.unknown} unknown.`,
  )
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated on the Cloud API.`)
  return {
    'Cloud API: accepted after our deadline': LATE,
    'Cloud API: resolved by webhook after, ms': resolvedMs,
    'Cloud API: repeated': 0,
  }
}

async function lateOnWuzapi(lab: Lab, { deadlineMs, answerMs }: typeof TIMES.full): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway, { GATEWAY_DEADLINE_MS: String(deadlineMs) })
  let count = 0
  gateway.reply = (send) => (count++ < LATE ? late(answerMs, accept)(send) : accept(send))
  const campaign = await startCampaign(site, await sandboxChannel(site), gateway, SIZE)
  const books = await balanceAtEnd(campaign, lab.limit(deadlineMs + 30_000))
  check(books.repeatedRequests === LATE, `${books.repeatedRequests} requests were repeated on WuzAPI.`)
  return { 'WuzAPI: same id again, seen once by the recipient': books.repeatedRequests }
}
