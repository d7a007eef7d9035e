import { sql, type Updateable } from 'kysely'
import type { ChannelStatus } from '#contract/channels.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { HOLD_ENDS } from './channelHold.ts'
import type { ChannelRow, ChannelsTable } from './channelTables.ts'

/** A channel of this user; undefined when it is not there, deleted or somebody else's. */
export async function findChannel(db: Db | Trx, userId: string, id: string): Promise<ChannelRow | undefined> {
  return db
    .selectFrom('channels')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockChannel(trx: Trx, userId: string, id: string): Promise<ChannelRow | undefined> {
  return trx
    .selectFrom('channels')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** A channel whoever owns it: for webhooks, which name nobody, and for the dispatch. */
export async function findChannelById(db: Db, id: string): Promise<ChannelRow | undefined> {
  return db.selectFrom('channels').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
}

/** The same for many at once, in the order of the ids. */
export async function findChannelsByIds(db: Db, ids: string[]): Promise<(ChannelRow | undefined)[]> {
  const wanted = [...new Set(ids)]
  const rows = await db
    .selectFrom('channels')
    .selectAll()
    .where('id', '=', sql<string>`any(${wanted}::uuid[])`)
    .where('deleted_at', 'is', null)
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id))
}

export type OwnedChannel = { id: string; userId: string }

/** The channels with this token: one owner's, or everybody's. Usually one; a user may have it once per gateway. */
export async function findChannelsByToken(
  db: Db | Trx,
  tokenHash: Buffer,
  ownerId: string | null,
): Promise<OwnedChannel[]> {
  return db
    .selectFrom('channels')
    .select(['id', 'user_id as userId'])
    .where('token_hash', '=', tokenHash)
    .where('deleted_at', 'is', null)
    .$if(ownerId !== null, (query) => query.where('user_id', '=', ownerId ?? ''))
    .execute()
}

export async function listChannels(db: Db, userId: string): Promise<ChannelRow[]> {
  return db
    .selectFrom('channels')
    .selectAll()
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** Channels whose gateway is to be told where its webhooks go. */
export async function listChannelsForWebhooks(db: Db, gateways: ChannelRow['gateway'][]): Promise<ChannelRow[]> {
  return db
    .selectFrom('channels')
    .selectAll()
    .where('gateway', 'in', gateways)
    .where('deleted_at', 'is', null)
    .execute()
}

/** What the gateway said; one that is ready ends the hold of the channel (`channelHold.ts`). */
export async function saveChannelStatus(db: Db, id: string, status: ChannelStatus): Promise<Date> {
  const row = await db
    .updateTable('channels')
    .set({ status, status_checked_at: sql<Date>`clock_timestamp()`, ...(status === 'ready' ? HOLD_ENDS : {}) })
    .where('id', '=', id)
    .returning('status_checked_at')
    .executeTakeFirst()
  return row?.status_checked_at ?? new Date()
}

/** Nothing leaves on the channel before `until`; a later end that is known stays. */
export async function extendBackOff(db: Db, id: string, until: Date): Promise<void> {
  await sql`update channels set back_off_until = greatest(back_off_until, ${until}::timestamptz) where id = ${id}`.execute(
    db,
  )
}

/** The channel as it is then; undefined when it is gone. */
export async function editChannel(
  trx: Trx,
  userId: string,
  id: string,
  changes: Updateable<ChannelsTable>,
): Promise<ChannelRow | undefined> {
  return trx
    .updateTable('channels')
    .set(changes)
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

/**
 * Marks the channel as deleted and forgets its token. False when a campaign that has not ended uses it. The row stays,
 * because campaigns and reports speak of it.
 */
export async function deleteChannel(db: Db | Trx, userId: string, id: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update channels c
    set deleted_at = clock_timestamp(), token_ciphertext = '', token_hash = '', webhook_key_ciphertext = null
    where c.user_id = ${userId} and c.id = ${id} and c.deleted_at is null and not exists (
      select 1 from campaigns p where p.user_id = c.user_id and p.channel_id = c.id and p.deleted_at is null
        and p.status in ('draft', 'scheduled', 'running', 'paused')
    )
  `.execute(db)
  return numAffectedRows === 1n
}

/** The name of a channel, deleted ones included: reports still speak of them. */
export async function findChannelName(db: Db, userId: string, id: string): Promise<string> {
  const row = await db
    .selectFrom('channels')
    .select('name')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.name ?? ''
}
