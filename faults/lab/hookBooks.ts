import { RECIPIENT_STATUSES } from '#contract/states.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { check } from './check.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import { readBooks } from './balance.ts'

/** The ids under which the recipients of a campaign without a sequence were written to, in the order of the rows. */
export async function messageIdsOf(campaign: ObservedCampaign): Promise<string[]> {
  const { tag, rows } = await readBooks(campaign)
  return rows.map(({ id }) => messageIdOf(tag, id, 0))
}

/** How many recipients are in each state; throws when the counters say something else. */
export async function countedRows(campaign: ObservedCampaign): Promise<Record<string, number>> {
  const { rows, counts } = await readBooks(campaign)
  const found: Record<string, number> = {}
  for (const status of RECIPIENT_STATUSES) {
    const n = rows.filter((row) => row.status === status).length
    check(counts[status] === n, `The counter says ${counts[status]} ${status}, the rows say ${n}.`)
    if (n > 0) found[status] = n
  }
  return found
}

/** The state of every recipient, in the order of the rows. */
export async function statesOf(campaign: ObservedCampaign): Promise<string[]> {
  return (await readBooks(campaign)).rows.map(({ status }) => status)
}
