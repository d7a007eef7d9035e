import { balance, balanceAtEnd } from '../lab/balance.ts'
import { SANDBOX_IN_FLIGHT, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { autoPausesOf, rowsOf } from '../lab/observe.ts'
import type { RawExchange, RawGateway, Reply } from '../lab/RawGateway.ts'
import { accept, late, wuzapiError } from '../lab/replies.ts'
import type { Site } from '../lab/Site.ts'

const SIZE = 200
/** So many are accepted before the session goes. */
const BEFORE = 50
const PAUSE_WITHIN_MS = 1000

const ANSWERS: { name: string; reply: Reply; reason: string }[] = [
  { name: '500 No session', reply: wuzapiError('No session'), reason: 'disconnected' },
  { name: '500 not logged in', reply: wuzapiError('error sending message: not logged in'), reason: 'disconnected' },
  {
    name: '500 not paired',
    reply: wuzapiError("error sending message: the store doesn't contain a device JID"),
    reason: 'disconnected',
  },
  { name: '401', reply: wuzapiError('unauthorized', 401), reason: 'unauthorized' },
]

/** The session goes in the middle of a campaign: paused at once, nothing burnt, and after resume exactly the rest. */
export async function sessionGone(lab: Lab): Promise<Numbers> {
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway)
  const numbers: Numbers = {}
  for (const { name, reply, reason } of ANSWERS) {
    const { pausedMs, further } = await lose(lab, site, gateway, reply, reason)
    numbers[`${name}: paused after, ms`] = pausedMs
    numbers[`${name}: further requests`] = further
  }
  return numbers
}

async function lose(lab: Lab, site: Site, gateway: RawGateway, reply: Reply, reason: string) {
  gateway.exchanges.length = 0
  let count = 0
  let isGone = false
  gateway.reply = late(20, (send) => {
    isGone ||= ++count === BEFORE
    return isGone ? reply(send) : accept(send)
  })
  const campaign = await startCampaign(site, await sandboxChannel(site), gateway, SIZE)
  const paused = await until(
    'the pause',
    async () => ((await campaign.progress()).status === 'paused' ? campaign.progress() : null),
    { limitMs: lab.limit(20_000), everyMs: 20 },
  )
  check(paused.pauseReason === reason, `The campaign is paused for ${paused.pauseReason}.`)
  const measured = await judge(lab, campaign, gateway.exchanges)
  await balance(campaign, { completed: false })
  isGone = false
  gateway.reply = accept
  await campaign.resume()
  const { repeatedAccepts } = await balanceAtEnd(campaign, lab.limit(30_000))
  check(repeatedAccepts === 0, `${repeatedAccepts} messages were accepted twice.`)
  return measured
}

async function judge(lab: Lab, campaign: ObservedCampaign, exchanges: RawExchange[]) {
  const first = exchanges[BEFORE - 1]
  // The gateway answers in its own order: the first that was refused is at most a few before or after.
  const firstAnswerAt = first?.endedAt ?? 0
  const further = exchanges.filter(({ readAt }) => readAt > firstAnswerAt).length
  check(
    further <= SANDBOX_IN_FLIGHT,
    `${further} requests came after the first answer; ${SANDBOX_IN_FLIGHT} are allowed.`,
  )
  const [pause, ...more] = await autoPausesOf(campaign)
  check(pause !== undefined && more.length === 0, `There are ${more.length + 1} pauses in the audit trail.`)
  const pausedMs = pause.at.getTime() - (performance.timeOrigin + firstAnswerAt)
  check(pausedMs <= lab.limit(PAUSE_WITHIN_MS), `The pause came ${Math.round(pausedMs)} ms after the first answer.`)
  const rows = await rowsOf(campaign)
  const open = rows.filter(({ status }) => status === 'pending' || status === 'retrying')
  const sent = rows.filter(({ status }) => status === 'sent')
  check(open.length + sent.length === SIZE, `${open.length} are queued and ${sent.length} sent, of ${SIZE}.`)
  const burnt = open.filter(({ attempts }) => attempts > 0)
  check(burnt.length === 0, `${burnt.length} recipients lost an attempt.`)
  return { pausedMs: Math.round(pausedMs), further }
}
