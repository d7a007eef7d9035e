import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'

/**
 * Rows in `sending` under an epoch that their lane has not reached (or none) are nobody's: not of the holder, and not
 * left behind by an earlier one. They are put under the epoch before the present one, so that the next holder finds them
 * and tries them one by one. Returns how many there were.
 */
export async function makeSuspects(trx: Trx, userId: string, campaignId: string): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update campaign_contacts r set claim_epoch = l.lane_epoch - 1
    from campaigns c join channels l on l.user_id = c.user_id and l.id = c.channel_id
    where c.user_id = ${userId} and c.id = ${campaignId} and r.user_id = c.user_id and r.campaign_id = c.id
      and r.status = 'sending' and (r.claim_epoch is null or r.claim_epoch > l.lane_epoch)
  `.execute(trx)
  return Number(numAffectedRows)
}
