import { parseMessageId } from '#server/recipients/messageId.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { cloudChannel, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { accept, metaError, wuzapiError } from '../lab/replies.ts'

const STEPS = 3
const FAILS_TWICE = 1

/** A sequence of three whose second step fails twice for everybody: every step arrives once, under an id of its own. */
export async function sequenceRetry(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(200, 30)
  const gateway = await lab.rawGateway()
  const { site } = await siteBefore(lab, gateway)
  gateway.reply = (send) => {
    const step = parseMessageId(send.messageId)?.step
    if (step !== FAILS_TWICE || send.earlier >= 2) return accept(send)
    return send.shape === 'cloud'
      ? metaError(135000, 400)(send)
      : wuzapiError('failed to get LID for PN 1: locked')(send)
  }
  const messages = Array.from({ length: STEPS }, (_, step) => ({
    type: 'text' as const,
    content: `Passo ${step + 1}, {{primeiro_nome}}, {{data}}`,
    ...(step === 0 ? {} : { delayBeforeMs: 200 }),
  }))
  const wuzapi = await startCampaign(site, await sandboxChannel(site), gateway, size, { messages })
  const cloud = await startCampaign(site, await cloudChannel(site, gateway.url), gateway, size, { messages })
  const numbers: Numbers = { recipients: size }
  for (const [name, campaign] of [
    ['WuzAPI', wuzapi],
    ['Cloud API', cloud],
  ] as const) {
    const { repeatedRequests } = await balanceAtEnd(campaign, lab.limit(90_000))
    check(
      repeatedRequests === 2 * size,
      `On ${name} ${repeatedRequests} requests were repeated; the second step failed ${2 * size} times.`,
    )
    await checkLedger(campaign, size)
    numbers[`${name}: requests of the second step`] = 3 * size
  }
  return numbers
}

/** Each step once accepted, in its order, and no request of a step after the next had begun. */
async function checkLedger(campaign: ObservedCampaign, size: number): Promise<void> {
  const ledger = await campaign.ledger()
  const byNumber = Map.groupBy(ledger, ({ number }) => number)
  check(byNumber.size === size, `${byNumber.size} of ${size} people are in the ledger.`)
  for (const [number, lines] of byNumber) {
    const steps = lines.filter(({ kind }) => kind === 'read').map(({ messageId }) => parseMessageId(messageId)?.step)
    check(steps.join() === '0,1,1,1,2', `The steps for ${number} were asked for as ${steps.join()}.`)
    const accepted = lines.filter(({ kind }) => kind === 'accepted').map(({ messageId }) => messageId)
    check(
      new Set(accepted).size === STEPS && accepted.length === STEPS,
      `${accepted.length} messages reached ${number}.`,
    )
  }
}
