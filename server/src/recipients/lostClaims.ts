import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'
import { CLAIMED_COLUMNS, type ClaimedRecipient, type LaneHold } from './claimRecipients.ts'

/**
 * Counts the rows that memory answers for: claimed, under way, or waiting for their outcome to be written. A row can be
 * claimed anew before the answer to its settle is back, so each is counted, not just noted.
 */
export class HeldRows {
  readonly #byCampaign = new Map<string, Map<number, number>>()

  add(campaignId: string, id: number): void {
    const rows = this.#byCampaign.get(campaignId) ?? new Map<number, number>()
    rows.set(id, (rows.get(id) ?? 0) + 1)
    this.#byCampaign.set(campaignId, rows)
  }

  drop(campaignId: string, id: number): void {
    const rows = this.#byCampaign.get(campaignId)
    const left = (rows?.get(id) ?? 0) - 1
    if (left > 0) rows?.set(id, left)
    else rows?.delete(id)
    if (rows?.size === 0) this.#byCampaign.delete(campaignId)
  }

  /** Whether memory answers for anybody of the campaign: then it cannot be over. */
  has(campaignId: string): boolean {
    return this.#byCampaign.has(campaignId)
  }

  idsOf(campaignId: string): number[] {
    return [...(this.#byCampaign.get(campaignId)?.keys() ?? [])]
  }
}

/**
 * Rows in `sending` under our own epoch that nobody in memory knows of: a claim was committed and its answer got lost.
 * Nothing was requested for them since. `held` must have been read before the call, and no claim of this campaign may
 * be under way, else a row that has just been claimed would be taken for a lost one.
 */
export async function findLostClaims(
  db: Db,
  lane: LaneHold,
  campaignId: string,
  options: { held: number[]; limit: number },
): Promise<ClaimedRecipient[]> {
  const { rows } = await sql<ClaimedRecipient>`
    select ${CLAIMED_COLUMNS} from campaign_contacts c
    where c.user_id = ${lane.userId} and c.campaign_id = ${campaignId} and c.status = 'sending'
      and c.claim_epoch = ${lane.epoch} and c.id <> all(${options.held}::bigint[])
    order by c.id limit ${options.limit}
  `.execute(db)
  return rows
}
