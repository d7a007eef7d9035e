import { setTimeout as sleep } from 'node:timers/promises'
import type { PauseReason } from '#contract/states.ts'
import { balance } from '../lab/balance.ts'
import { cloudChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { autoPausesOf, backOffOf, rowsOf, type Row } from '../lab/observe.ts'
import type { RawGateway, Reply } from '../lab/RawGateway.ts'
import { accept, late, metaError } from '../lab/replies.ts'

const SIZE = 40
/** The request that gets the error; those before and beside it are accepted. */
const REFUSED = 20
const RATE_LIMIT_FLOOR_MS = 60_000
const SETTLED_MS = 3000

type Outcome =
  /** The whole number waits, the recipient keeps its attempts. */
  | { kind: 'backOff' }
  /** Only this recipient waits. */
  | { kind: 'recipientWaits' }
  | { kind: 'pause'; reason: PauseReason }
  | { kind: 'failed'; category: string }

/** HTTP status and code as Meta sends them; the title always speaks of something else. */
const CODES: { code: number; status: number; outcome: Outcome }[] = [
  { code: 130429, status: 400, outcome: { kind: 'backOff' } },
  { code: 80007, status: 400, outcome: { kind: 'backOff' } },
  { code: 4, status: 400, outcome: { kind: 'backOff' } },
  { code: 131056, status: 400, outcome: { kind: 'recipientWaits' } },
  { code: 190, status: 401, outcome: { kind: 'pause', reason: 'unauthorized' } },
  { code: 0, status: 401, outcome: { kind: 'pause', reason: 'unauthorized' } },
  { code: 10, status: 400, outcome: { kind: 'pause', reason: 'unauthorized' } },
  { code: 368, status: 400, outcome: { kind: 'pause', reason: 'blocked' } },
  { code: 131048, status: 400, outcome: { kind: 'pause', reason: 'blocked' } },
  { code: 131026, status: 400, outcome: { kind: 'failed', category: 'INVALID_NUMBER' } },
  { code: 131047, status: 400, outcome: { kind: 'failed', category: 'API_ERROR' } },
  { code: 132001, status: 400, outcome: { kind: 'failed', category: 'API_ERROR' } },
  { code: 987_654, status: 400, outcome: { kind: 'failed', category: 'API_ERROR' } },
]

/** Titles of other errors, which must not be believed. */
const TITLES = [
  'Invalid OAuth access token',
  'Pair rate limit hit',
  'Rate limit hit',
  'Message undeliverable',
  'Server is busy',
]

/** Every answer of Meta's that means something of its own is told apart by its code, never by its title. */
export async function metaCodes(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway)
  const replies = new Map<string, Reply>()
  const counts = new Map<string, number>()
  gateway.reply = late(30, (send) => {
    const count = (counts.get(send.channel) ?? 0) + 1
    counts.set(send.channel, count)
    return count === REFUSED ? replies.get(send.channel)?.(send) : accept(send)
  })
  const lines: { campaign: ObservedCampaign; channel: string; code: number; outcome: Outcome }[] = []
  for (const [index, { code, status, outcome }] of CODES.entries()) {
    const phoneNumberId = String(100_000 + code)
    replies.set(phoneNumberId, metaError(code, status, TITLES[index % TITLES.length]))
    const channel = await cloudChannel(site, gateway.url, { phoneNumberId })
    lines.push({ campaign: await startCampaign(site, channel, gateway, SIZE), channel: phoneNumberId, code, outcome })
  }
  await sleep(lab.limit(SETTLED_MS))
  const numbers: Numbers = {}
  for (const { campaign, channel, code, outcome } of lines) {
    numbers[`code ${code}`] = await judge(campaign, gateway, channel, code, outcome)
    if ((await campaign.progress()).status === 'running') await campaign.pause()
    const { status } = await campaign.progress()
    await balance(campaign, { completed: status === 'completed' })
  }
  return numbers
}

async function judge(
  campaign: ObservedCampaign,
  gateway: RawGateway,
  channel: string,
  code: number,
  outcome: Outcome,
): Promise<string> {
  const rows = await rowsOf(campaign)
  const accepted = rows.filter(({ status }) => status === 'sent').length
  const odd = rows.find(({ status, maybeSent }) => status === 'unknown' || maybeSent)
  check(odd === undefined, `Code ${code} made a recipient ${odd?.status}: Meta said that nothing was sent.`)
  switch (outcome.kind) {
    case 'backOff':
      return judgeBackOff(campaign, rows, gateway.readCount(channel), code)
    case 'recipientWaits': {
      const waiting = rows.filter(
        ({ status, attempts, dueInMs }) => status === 'retrying' && attempts === 0 && (dueInMs ?? 0) > 0,
      )
      check(
        waiting.length === 1 && accepted === SIZE - 1,
        `Code ${code}: ${waiting.length} wait, ${accepted} were accepted.`,
      )
      return 'this recipient waits, the others went out'
    }
    case 'pause':
      return judgePause(campaign, rows, code, outcome.reason)
    case 'failed': {
      const failed = rows.filter(({ status }) => status === 'failed')
      const fits = failed.length === 1 && failed[0]?.category === outcome.category && failed[0].code === `META_${code}`
      check(
        fits && accepted === SIZE - 1,
        `Code ${code}: ${failed.length} failed as ${failed[0]?.category} ${failed[0]?.code}.`,
      )
      return `failed as ${outcome.category}`
    }
  }
}

async function judgeBackOff(campaign: ObservedCampaign, rows: Row[], read: number, code: number): Promise<string> {
  const waitMs = await backOffOf(campaign)
  check(
    waitMs > RATE_LIMIT_FLOOR_MS / 2 && waitMs <= RATE_LIMIT_FLOOR_MS + 1000,
    `Code ${code}: the number waits ${waitMs} ms.`,
  )
  const waiting = rows.filter(({ status, attempts }) => status !== 'sent' && attempts === 0).length
  const sent = rows.filter(({ status }) => status === 'sent').length
  check(read < SIZE && sent + waiting === SIZE, `Code ${code}: ${read} requests, ${sent} sent, ${waiting} waiting.`)
  return 'the number waits a minute'
}

async function judgePause(campaign: ObservedCampaign, rows: Row[], code: number, reason: PauseReason): Promise<string> {
  const { status, pauseReason } = await campaign.progress()
  check(status === 'paused' && pauseReason === reason, `Code ${code}: ${status} (${pauseReason}).`)
  const pauses = await autoPausesOf(campaign)
  check(pauses.length === 1, `Code ${code}: ${pauses.length} pauses are in the audit trail.`)
  const burnt = rows.filter((row) => row.status === 'failed' || (row.status !== 'sent' && row.attempts > 0))
  check(burnt.length === 0, `Code ${code}: ${burnt.length} recipients lost an attempt.`)
  return `paused (${reason})`
}
