import { balance, balanceAtEnd } from '../lab/balance.ts'
import { cloudChannel, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { waitsOf } from '../lab/observe.ts'
import type { Reply } from '../lab/RawGateway.ts'
import { accept, dripBody, dripHeaders } from '../lab/replies.ts'

const SIZE = 40
const SLOW_PER_CHANNEL = 4
const EVERY_MS = 300
const DEADLINE_TOLERANCE_MS = 1000

/** Answers that come a byte at a time, headers or body: one deadline holds over everything. */
export async function slowAnswers(lab: Lab): Promise<Numbers> {
  const deadlineMs = lab.rounds(15_000, 2000)
  const numbers: Numbers = { 'deadline, ms': deadlineMs }
  const kinds: [string, Reply][] = [
    ['headers', dripHeaders(EVERY_MS)],
    ['body', dripBody(EVERY_MS)],
  ]
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway, { GATEWAY_DEADLINE_MS: String(deadlineMs) })
  for (const [name, slow] of kinds) {
    gateway.exchanges.length = 0
    gateway.reply = slowAtFirst(slow)
    const [first, second] = await Promise.all([sandboxChannel(site), cloudChannel(site, gateway.url)])
    const wuzapi = await startCampaign(site, first, gateway, SIZE)
    const cloud = await startCampaign(site, second, gateway, SIZE)
    await balanceAtEnd(wuzapi, lab.limit(deadlineMs + 30_000))
    await cloud.untilCompleted(lab.limit(deadlineMs + 30_000))
    const { accepted, unknown } = await balance(cloud)
    check(accepted + unknown === SIZE, `${accepted} of ${SIZE} were reached on the Cloud API, ${unknown} are unknown.`)
    const worst = most(waitsOf(gateway.exchanges).map((ms) => Math.abs(ms - deadlineMs)))
    check(worst <= lab.limit(DEADLINE_TOLERANCE_MS), `With slow ${name} a request ended ${worst} ms off its deadline.`)
    numbers[`slow ${name}: cut off at the deadline`] = waitsOf(gateway.exchanges).length
    numbers[`slow ${name}: furthest from the deadline, ms`] = worst
    numbers[`slow ${name}: unknown on the Cloud API`] = unknown
  }
  return numbers
}

/** The first few of each channel are slow, fewer than what opens the breaker. */
function slowAtFirst(slow: Reply): Reply {
  const counts = new Map<string, number>()
  return (send) => {
    const before = counts.get(send.channel) ?? 0
    counts.set(send.channel, before + 1)
    return before < SLOW_PER_CHANNEL ? slow(send) : accept(send)
  }
}
