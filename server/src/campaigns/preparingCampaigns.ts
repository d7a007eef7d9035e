import { sql, type Updateable } from 'kysely'
import { isFinal } from '#contract/states.ts'
import type { Trx } from '#server/db/Database.ts'
import type { MadeChunk } from '#server/recipients/audienceChunks.ts'
import type { ExpandedChunk } from '#server/recipients/expandAudience.ts'
import type { CampaignRow, CampaignsTable } from './campaignTables.ts'

/** How far the audience of a campaign is expanded: where it goes on, and what the books say of the people so far. */
type Reached = Pick<
  CampaignRow,
  | 'prepare_after'
  | 'next_recipient'
  | 'chosen'
  | 'duplicates'
  | 'suppressed'
  | 'excluded'
  | 'recently_written'
  | 'lacking_variables'
>

/** Of a chunk that nobody needs any more. */
export const NOBODY: ExpandedChunk = {
  seen: 0,
  inserted: 0,
  suppressed: 0,
  excluded: 0,
  recentlyWritten: 0,
  lackingVariables: 0,
  lastKey: 0,
}

/** Also of a campaign that was cancelled meanwhile: its books show everybody who was chosen, as cancelled. */
export function isNeeded({ status, deleted_at }: CampaignRow): boolean {
  return deleted_at === null && (status === 'cancelled' || !isFinal(status))
}

/** The oldest campaign whose audience can go on now, locked; those that another process has are passed over. */
export async function lockNext(trx: Trx, except: string[]): Promise<CampaignRow | undefined> {
  return trx
    .selectFrom('campaigns')
    .selectAll()
    .where('preparing', '=', true)
    .where(sql<boolean>`not exists (select from send_histories h where h.user_id = campaigns.user_id and not h.ready)`)
    .where(
      sql<boolean>`not exists (
        select from campaign_chunks c where c.user_id = campaigns.user_id and c.campaign_id = campaigns.id and c.made is null
      )`,
    )
    .$if(except.length > 0, (query) => query.where('id', 'not in', except))
    .orderBy('created_at')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
}

/** Undefined when its audience is whole, or it is gone. */
export function findPreparing(trx: Trx, userId: string, id: string): Promise<CampaignRow | undefined> {
  return trx
    .selectFrom('campaigns')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('preparing', '=', true)
    .executeTakeFirst()
}

/** How far it is with `chunks`, which follow each other from where the campaign stood. */
export function reachedWith(campaign: CampaignRow, chunks: MadeChunk[]): Reached {
  const last = chunks.at(-1)
  const sum = (before: number, of: (made: ExpandedChunk) => number) =>
    chunks.reduce((total, { made }) => total + of(made), before)
  return {
    prepare_after: last?.made.lastKey ?? campaign.prepare_after,
    next_recipient: last === undefined ? campaign.next_recipient : last.firstRecipient + last.made.seen,
    chosen: sum(campaign.chosen, ({ seen }) => seen),
    duplicates: sum(campaign.duplicates, ({ seen, inserted }) => seen - inserted),
    suppressed: sum(campaign.suppressed, ({ suppressed }) => suppressed),
    excluded: sum(campaign.excluded, ({ excluded }) => excluded),
    recently_written: sum(campaign.recently_written, ({ recentlyWritten }) => recentlyWritten),
    lacking_variables: sum(campaign.lacking_variables, ({ lackingVariables }) => lackingVariables),
  }
}

/** Of a campaign that is locked. */
export async function updateCampaign(
  trx: Trx,
  campaign: CampaignRow,
  changes: Updateable<CampaignsTable>,
): Promise<void> {
  await trx
    .updateTable('campaigns')
    .set(changes)
    .where('user_id', '=', campaign.user_id)
    .where('id', '=', campaign.id)
    .execute()
}
