import { setTimeout as sleep } from 'node:timers/promises'
import { balance } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check, most, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { inRounds, sandboxNumbers, type SandboxNumber } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const NUMBERS = 4
const IN_FLIGHT = 4
const SIZE = 500
const ON_THE_WIRE_MS = 50

/** Deleting what runs is refused; after a cancel it goes, nothing more is requested, and no row stays open. */
export async function deleteWhileRunning(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const numbers = await sandboxNumbers(site, NUMBERS, { maxInFlight: IN_FLIGHT, latencyMinMs: 20, latencyMaxMs: 60 })
  const rounds = lab.rounds(50, 4)
  const late = await inRounds(numbers, rounds, async (number, round) => {
    lab.tell(`deletion ${round + 1} of ${rounds}`)
    return deleteOnce(lab, number)
  })
  const { items } = await site.api.get<{ items: unknown[] }>('/api/user/bulk-campaigns')
  check(items.length === 0, `${items.length} deleted campaigns are still listed.`)
  return { deleted: rounds, 'requests read after the deletion, most': most(late) }
}

async function deleteOnce(lab: Lab, number: SandboxNumber): Promise<number> {
  const campaign = await number.campaign(SIZE)
  await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  await sleep(lab.random.between(0, 200))
  await expectAnswer(campaign, 'DELETE', '', 409)
  await expectAnswer(campaign, 'POST', '/cancel', 200)
  await expectAnswer(campaign, 'DELETE', '', 204)
  const deletedAt = Date.now()
  await sleep(300)
  const late = (await campaign.ledger()).filter(({ kind, t }) => kind === 'read' && Date.parse(t) > deletedAt)
  const fresh = late.filter(({ t }) => Date.parse(t) > deletedAt + lab.limit(ON_THE_WIRE_MS))
  check(fresh.length === 0 && late.length <= IN_FLIGHT, `${late.length} requests came after the deletion.`)
  await expectAnswer(campaign, 'GET', '/progress', 404)
  await expectAnswer(campaign, 'DELETE', '', 404)
  await until('the rows of a deleted campaign to be closed', () => isClosed(campaign), { limitMs: lab.limit(15_000) })
  await balance(campaign, { completed: false, booksOnly: true })
  return late.length
}

async function isClosed(campaign: ObservedCampaign): Promise<true | null> {
  const rows = await campaign.rowsByStatus()
  return (rows['pending'] ?? 0) + (rows['retrying'] ?? 0) + (rows['sending'] ?? 0) === 0 ? true : null
}

async function expectAnswer(
  { site, id }: ObservedCampaign,
  method: string,
  path: string,
  status: number,
): Promise<void> {
  const answer = await site.api.send(method, `/api/user/bulk-campaigns/${id}${path}`)
  check(answer.status === status, `${method} ${path} was answered ${answer.status}, not ${status}.`)
}
