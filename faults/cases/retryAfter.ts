import { setTimeout as sleep } from 'node:timers/promises'
import { balance, balanceAtEnd } from '../lab/balance.ts'
import { SANDBOX_IN_FLIGHT, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { backOffOf, rowsOf } from '../lab/observe.ts'
import type { RawExchange, RawGateway } from '../lab/RawGateway.ts'
import { accept, answer, late } from '../lab/replies.ts'

const SIZE = 30
/** The request that is answered with 429; those before it are accepted. */
const REFUSED = 10
const RATE_LIMIT_FLOOR_MS = 60_000
const CEILING_MS = 15 * 60_000
const TOLERANCE_MS = 1500
/** Longer waits are read from the database, and the campaign is cancelled. */
const WAITED_OUT_MS = 6000

type Header = { name: string; value: () => string | null; waitMs: number; spreadMs?: number }

/** What cannot be read counts as no header: then the category's own floor and jitter. */
const HEADERS: Header[] = [
  { name: '5', value: () => '5', waitMs: 5000 },
  { name: 'a date 5 s ahead', value: () => new Date(Date.now() + 5000).toUTCString(), waitMs: 4000, spreadMs: 1000 },
  { name: '0', value: () => '0', waitMs: 1000 },
  { name: '-1', value: () => '-1', waitMs: RATE_LIMIT_FLOOR_MS, spreadMs: 1000 },
  { name: '1e9', value: () => '1e9', waitMs: CEILING_MS },
  { name: 'abc', value: () => 'abc', waitMs: RATE_LIMIT_FLOOR_MS, spreadMs: 1000 },
  { name: 'none', value: () => null, waitMs: RATE_LIMIT_FLOOR_MS, spreadMs: 1000 },
]

type Line = { header: Header; campaigns: ObservedCampaign[]; channel: string }

/** 429 with every kind of Retry-After: the whole number waits, both its campaigns, and no attempt is burnt. */
export async function retryAfter(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway)
  const counts = new Map<string, number>()
  const headers = new Map<string, Header>()
  gateway.reply = late(20, (send) => {
    const count = (counts.get(send.channel) ?? 0) + 1
    counts.set(send.channel, count)
    const value = headers.get(send.channel)?.value()
    if (count !== REFUSED) return accept(send)
    return answer(429, 'slow down', value == null ? {} : { 'retry-after': value })(send)
  })
  const lines: Line[] = []
  for (const header of HEADERS) {
    const channel = await sandboxChannel(site)
    // Its token is the product's own; the gateway learns it from the first request.
    const campaigns = [await startCampaign(site, channel, gateway, SIZE, { start: false })]
    campaigns.push(await startCampaign(site, channel, gateway, SIZE, { start: false }))
    const token = await firstToken(lab, gateway, campaigns, headers, header)
    lines.push({ header, campaigns, channel: token })
  }
  const numbers: Numbers = {}
  for (const line of lines) numbers[`Retry-After ${line.header.name}: waited, ms`] = await judge(lab, gateway, line)
  return numbers
}

/** Starts both campaigns of a channel; their token is the one that was not seen before. */
async function firstToken(
  lab: Lab,
  gateway: RawGateway,
  campaigns: ObservedCampaign[],
  headers: Map<string, Header>,
  header: Header,
): Promise<string> {
  const known = new Set(gateway.exchanges.map(({ channel }) => channel))
  for (const { site, id } of campaigns) await site.api.post(`/api/user/bulk-campaigns/${id}/start`)
  return until(
    'the first request of a channel',
    () => {
      const channel = gateway.exchanges.find((exchange) => !known.has(exchange.channel))?.channel ?? null
      if (channel !== null) headers.set(channel, header)
      return channel
    },
    { limitMs: lab.limit(10_000), everyMs: 1 },
  )
}

async function judge(lab: Lab, gateway: RawGateway, { header, campaigns, channel }: Line): Promise<number> {
  const own = () => gateway.exchanges.filter((exchange) => exchange.channel === channel)
  const refused = await until('the refusal', () => own()[REFUSED - 1] ?? null, { limitMs: lab.limit(10_000) })
  await until('its answer', () => refused.endedAt, { limitMs: lab.limit(5000) })
  const waited =
    header.waitMs <= WAITED_OUT_MS ? await waitOut(lab, own, refused, header) : await lookUp(campaigns, refused)
  const most = header.waitMs + (header.spreadMs ?? 0) + lab.limit(TOLERANCE_MS)
  check(
    waited >= header.waitMs - 50 && waited <= most,
    `Retry-After ${header.name}: waited ${Math.round(waited)} ms, not ${header.waitMs}.`,
  )
  const meanwhile = own().filter(
    ({ readAt }) => readAt > (refused.endedAt ?? 0) && readAt < (refused.endedAt ?? 0) + header.waitMs - 50,
  )
  check(
    meanwhile.length < SANDBOX_IN_FLIGHT,
    `Retry-After ${header.name}: ${meanwhile.length} requests came meanwhile.`,
  )
  for (const campaign of campaigns) await end(lab, campaign, header)
  return Math.round(waited)
}

/** Until the next request after those that were under way. */
async function waitOut(lab: Lab, own: () => RawExchange[], refused: RawExchange, header: Header): Promise<number> {
  const answeredAt = refused.endedAt ?? refused.readAt
  const next = await until('the next request', () => own().find(({ readAt }) => readAt > answeredAt + 500) ?? null, {
    limitMs: lab.limit(header.waitMs + 5000),
  })
  return next.readAt - answeredAt
}

async function lookUp([campaign]: ObservedCampaign[], refused: RawExchange): Promise<number> {
  await sleep(500)
  if (campaign === undefined) return 0
  return (await backOffOf(campaign)) + performance.now() - (refused.endedAt ?? refused.readAt)
}

async function end(lab: Lab, campaign: ObservedCampaign, { waitMs }: Header): Promise<void> {
  const burnt = (await rowsOf(campaign)).filter(({ status, attempts }) => status !== 'sent' && attempts > 0)
  check(burnt.length === 0, `${burnt.length} recipients lost an attempt to a rate limit.`)
  if (waitMs <= WAITED_OUT_MS) {
    await balanceAtEnd(campaign, lab.limit(90_000))
    return
  }
  await campaign.pause()
  await balance(campaign, { completed: false })
}
