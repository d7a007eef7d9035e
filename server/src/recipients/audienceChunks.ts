import { sql, type Insertable, type RawBuilder } from 'kysely'
import type { Trx } from '#server/db/Database.ts'
import type { AudienceSource, ExpandedChunk } from './expandAudience.ts'
import type { CampaignChunksTable } from './recipientTables.ts'

/** Part of a list: the people whose key is after `afterKey` and up to `lastKey`, as recipients from `firstRecipient` on. */
export type AudienceChunk = {
  userId: string
  campaignId: string
  firstRecipient: number
  source: number
  afterKey: number
  lastKey: number
}

/** What a chunk that is done made of its people. */
export type MadeChunk = Pick<AudienceChunk, 'firstRecipient'> & { made: ExpandedChunk }

/** So that planning reads half a million index entries at most, some 100 ms. */
const MOST_PLANNED = 50

/**
 * Divides the next part of a list into chunks of `size` people, to be expanded beside each other. What is left is less
 * than a chunk, or more than was planned at once. Returns how many there are: none of anything but an import, because
 * groups and tags may get somebody new in the middle of a chunk.
 */
export async function planChunks(
  trx: Trx,
  source: AudienceSource,
  from: Omit<AudienceChunk, 'lastKey'>,
  size: number,
): Promise<number> {
  if (source.kind !== 'import') return 0
  const endAfter = (key: RawBuilder<unknown>) => sql`(
    select contact_id from import_contacts
    where user_id = ${from.userId} and import_id = ${source.importId} and contact_id > ${key}
    order by contact_id offset ${size - 1} limit 1
  )`
  const { rows } = await sql<{ key: number }>`
    with recursive ends (nth, key) as (
      select 1, ${endAfter(sql`${from.afterKey}::bigint`)}
      union all
      select nth + 1, ${endAfter(sql`ends.key`)} from ends where key is not null and nth < ${MOST_PLANNED}
    )
    select key from ends where key is not null order by nth
  `.execute(trx)
  const chunks = rows.map(({ key }, index) => ({
    ...from,
    firstRecipient: from.firstRecipient + index * size,
    afterKey: rows[index - 1]?.key ?? from.afterKey,
    lastKey: key,
  }))
  if (chunks.length > 0) await trx.insertInto('campaign_chunks').values(chunks.map(rowOf)).execute()
  return chunks.length
}

/**
 * Takes a chunk for this transaction that no other one has; undefined when there is none. Those of accounts whose sends
 * of before are being noted wait for that.
 */
export async function takeChunk(trx: Trx, exceptCampaigns: readonly string[]): Promise<AudienceChunk | undefined> {
  const row = await trx
    .selectFrom('campaign_chunks')
    .selectAll()
    .where('made', 'is', null)
    .where(
      sql<boolean>`not exists (select from send_histories h where h.user_id = campaign_chunks.user_id and not h.ready)`,
    )
    .$if(exceptCampaigns.length > 0, (query) => query.where('campaign_id', 'not in', exceptCampaigns))
    .orderBy('user_id')
    .orderBy('campaign_id')
    .orderBy('first_recipient')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    userId: row.user_id,
    campaignId: row.campaign_id,
    firstRecipient: row.first_recipient,
    source: row.source,
    afterKey: row.after_key,
    lastKey: row.last_key,
  }
}

/** Notes what became of a chunk's people, in the transaction that made recipients of them. */
export async function finishChunk(trx: Trx, chunk: AudienceChunk, made: ExpandedChunk): Promise<void> {
  await trx
    .updateTable('campaign_chunks')
    .set({ made: JSON.stringify(made) })
    .where('user_id', '=', chunk.userId)
    .where('campaign_id', '=', chunk.campaignId)
    .where('first_recipient', '=', chunk.firstRecipient)
    .execute()
}

/** Takes away the chunks of a campaign, all of which are done; returns what each made, in their order. */
export async function collectChunks(trx: Trx, userId: string, campaignId: string): Promise<MadeChunk[]> {
  const rows = await trx
    .deleteFrom('campaign_chunks')
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .returning(['first_recipient', 'made'])
    .execute()
  return rows
    .toSorted((a, b) => a.first_recipient - b.first_recipient)
    .map(({ first_recipient: firstRecipient, made }) => {
      if (made === null) throw new Error('A chunk of the audience is not done.')
      return { firstRecipient, made }
    })
}

function rowOf({
  userId,
  campaignId,
  firstRecipient,
  source,
  afterKey,
  lastKey,
}: AudienceChunk): Insertable<CampaignChunksTable> {
  return {
    user_id: userId,
    campaign_id: campaignId,
    first_recipient: firstRecipient,
    source,
    after_key: afterKey,
    last_key: lastKey,
  }
}
