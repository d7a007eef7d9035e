import { setTimeout as sleep } from 'node:timers/promises'
import { FAILURE_CATEGORIES } from '#contract/errors.ts'
import { isFinal } from '#contract/states.ts'
import { balance } from '../lab/balance.ts'
import { cloudChannel, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import { randomReply } from '../lab/fuzzReplies.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { errorsOf } from '../lab/observe.ts'
import { accept } from '../lab/replies.ts'

const SIZE = 30
/** Longer answers would only make the run longer. */
const DEADLINE_MS = 1000
/** A rate limit without advice and the probes of a breaker. */
const LONGEST_WAIT_MS = 75_000

/**
 * Thousands of random answers to many channels at once: the process lives, every outcome has a category of the list,
 * and the books balance, whatever was accepted behind whichever answer.
 */
export async function gatewayFuzz(lab: Lab): Promise<Numbers> {
  const [answers, channels] = [lab.rounds(2000, 300), lab.rounds(100, 15)]
  const gateway = await lab.rawGateway()
  const { site, server } = await siteBefore(lab, gateway, { GATEWAY_DEADLINE_MS: String(DEADLINE_MS) })
  const accepted = new Set<string>()
  let given = 0
  gateway.reply = (send) => {
    if (given >= answers) return accept(send)
    given += 1
    const isAccepted = accepted.has(send.messageId)
    const note = () => {
      accepted.add(send.messageId)
      send.accept()
    }
    return randomReply(lab.random, isAccepted)({ ...send, accept: note })
  }
  const campaigns: ObservedCampaign[] = []
  for (let index = 0; index < channels; index++) {
    const channel = index % 2 === 0 ? await sandboxChannel(site) : await cloudChannel(site, gateway.url)
    campaigns.push(await startCampaign(site, channel, gateway, SIZE))
  }
  const enough = async () => {
    await resumePaused(campaigns)
    lab.tell(`${given} of ${answers} answers`)
    const isOver = await allOver(campaigns)
    return given >= answers || isOver ? true : null
  }
  await until(`${answers} answers`, enough, { limitMs: lab.limit(120_000), everyMs: 500 })
  // From here on every answer is a proper one.
  given = answers
  const over = async () => {
    await resumePaused(campaigns)
    return (await allOver(campaigns)) ? true : null
  }
  await until('the end of all campaigns', over, { limitMs: lab.limit(LONGEST_WAIT_MS), everyMs: 500 })
  check(!server.hasEnded, 'The server has ended.')
  return {
    channels,
    ...(await judge(campaigns)),
    'random answers': gateway.readCount() < answers ? gateway.readCount() : answers,
  }
}

async function resumePaused(campaigns: ObservedCampaign[]): Promise<void> {
  for (const campaign of campaigns) {
    if ((await campaign.progress()).status !== 'paused') continue
    await campaign.resume()
    await sleep(10)
  }
}

async function allOver(campaigns: ObservedCampaign[]): Promise<boolean> {
  for (const campaign of campaigns) if (!isFinal((await campaign.progress()).status)) return false
  return true
}

async function judge(campaigns: ObservedCampaign[]): Promise<Numbers> {
  const totals = { accepted: 0, unknown: 0, failed: 0 }
  const categories = new Set<string>()
  const codes = new Set<string>()
  for (const campaign of campaigns) {
    const books = await balance(campaign)
    totals.accepted += books.accepted
    totals.unknown += books.unknown
    totals.failed += books.recipients - books.accepted - books.unknown
    for (const { category, code } of await errorsOf(campaign)) {
      categories.add(category)
      codes.add(code)
    }
  }
  const strange = [...categories].filter((category) => !FAILURE_CATEGORIES.some((known) => known === category))
  check(strange.length === 0, `Categories that nobody knows: ${strange.join(', ')}.`)
  const internal = [...codes].filter((code) => code === 'INTERNAL')
  check(internal.length === 0, 'An answer of the gateway was taken for an error of our own.')
  return { ...totals, 'categories seen': categories.size, 'codes seen': codes.size }
}
