import { balanceAtEnd } from '../lab/balance.ts'
import { sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { rowsOf } from '../lab/observe.ts'
import type { RawExchange, RawGateway } from '../lab/RawGateway.ts'
import { accept, late, wuzapiError } from '../lab/replies.ts'

/** The first attempt and three more. */
const MAX_ATTEMPTS = 4
const JITTER_MS = 1000
/** What a busy machine, the poll and the queue behind four slots may add to a wait. */
const LATE_MS = 3000
const BUCKET_MS = 100
const HERD = 3

/** Errors that surely sent nothing, and what each asks for at least before the next attempt. */
const API_ERROR = { error: 'failed to get LID for PN 1: locked', floorMs: 0 }
const BUSY = { error: 'error sending message: server returned error 503', floorMs: 10_000 }

/**
 * Every recipient fails none to three times by the seed: all are reached within four attempts, every wait is the one
 * that the category asks for, and those who failed together do not come back together.
 */
export async function serverErrors(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(1000, 150)
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway)
  // Few enough that the gateway as a whole does not count as busy.
  const busySize = 4
  const busyChannel = await sandboxChannel(site)
  const failures = new Map<string, number>()
  // So slow that the first round takes as long as the repeats: what clusters then has been made to.
  gateway.reply = late(lab.rounds(15, 100), (send) => {
    const isMain = send.channel === gateway.exchanges[0]?.channel
    const { error } = isMain ? API_ERROR : BUSY
    const planned = failures.get(send.messageId) ?? Math.floor(lab.random.between(0, isMain ? 4 : 2))
    failures.set(send.messageId, planned)
    return send.earlier < planned ? wuzapiError(error)(send) : accept(send)
  })
  const main = await startCampaign(site, await sandboxChannel(site), gateway, size)
  await main.untilAccepted(1, { limitMs: lab.limit(20_000) })
  const busy = await startCampaign(site, busyChannel, gateway, busySize)
  for (const campaign of [main, busy]) {
    const { repeatedAccepts } = await balanceAtEnd(campaign, lab.limit(60_000))
    check(repeatedAccepts === 0, `${repeatedAccepts} messages were accepted twice.`)
  }
  const attempts = most((await rowsOf(main)).map((row) => row.attempts))
  check(attempts <= MAX_ATTEMPTS, `${attempts} attempts were made for one recipient.`)
  const channel = gateway.exchanges[0]?.channel ?? ''
  const first = judgeWaits(lab, gateway, (exchange) => exchange.channel === channel, API_ERROR.floorMs)
  const second = judgeWaits(lab, gateway, (exchange) => exchange.channel !== channel, BUSY.floorMs)
  return {
    recipients: size,
    'most attempts': attempts,
    'waits after an error': first.waits,
    'furthest from the floor, ms': first.furthestMs,
    'furthest after a busy server (floor 10 s), ms': second.furthestMs,
    'busiest 100 ms, times the mean': judgeHerd(gateway, channel),
  }
}

/** Each wait against max(2 s · 2^attempt, floor) and a second of jitter. */
function judgeWaits(
  lab: Lab,
  gateway: RawGateway,
  isOurs: (exchange: RawExchange) => boolean,
  floorMs: number,
): { waits: number; furthestMs: number } {
  const beyond: number[] = []
  for (const requests of Map.groupBy(gateway.exchanges.filter(isOurs), ({ messageId }) => messageId).values()) {
    for (const [index, { readAt }] of requests.slice(1).entries()) {
      const waited = readAt - (requests[index]?.endedAt ?? readAt)
      const wanted = Math.max(2000 * 2 ** index, floorMs)
      check(
        waited >= wanted - 5,
        `An attempt came ${Math.round(waited)} ms after the one before; ${wanted} is the least.`,
      )
      beyond.push(waited - wanted)
    }
  }
  const furthest = most(beyond)
  check(
    furthest <= JITTER_MS + lab.limit(LATE_MS),
    `An attempt came ${furthest} ms after its floor; the jitter is ${JITTER_MS}.`,
  )
  return { waits: beyond.length, furthestMs: furthest }
}

/** How the requests spread over time: the busiest 100 ms against the mean of those with any. */
function judgeHerd(gateway: RawGateway, channel: string): string {
  const own = gateway.exchanges.filter((exchange) => exchange.channel === channel)
  const sizes = [...Map.groupBy(own, ({ readAt }) => Math.floor(readAt / BUCKET_MS)).values()].map(
    ({ length }) => length,
  )
  const mean = own.length / sizes.length
  const ratio = Math.max(...sizes) / mean
  check(
    ratio <= HERD,
    `The busiest 100 ms had ${most(sizes)} requests, ${ratio.toFixed(1)} times the mean of ${mean.toFixed(1)}.`,
  )
  return ratio.toFixed(1)
}
