import { sql } from 'kysely'
import type { CampaignStatus, Counts, PauseReason } from '#contract/states.ts'
import { RECIPIENT_STATUSES } from '#contract/states.ts'
import type { OwnedChannel } from '#server/channels/channelQueries.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import type { CampaignKind, CampaignRow } from './campaignTables.ts'
import { entriesTo } from './campaignStates.ts'

/** A campaign of this user; undefined when it is not there, deleted, somebody else's or a single message. */
export async function findCampaign(db: Db | Trx, userId: string, id: string): Promise<CampaignRow | undefined> {
  return db
    .selectFrom('campaigns')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('kind', '=', 'campaign')
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** Those of `ids` that are campaigns of this user. */
export async function findCampaignIds(db: Db | Trx, userId: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('campaigns')
    .select('id')
    .where('user_id', '=', userId)
    .where('id', 'in', ids)
    .where('kind', '=', 'campaign')
    .where('deleted_at', 'is', null)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** Through which channel a campaign or single message of one of these owners goes; undefined where they have none such. */
export async function findCampaignChannel(
  db: Db,
  ownerIds: string[],
  { id, kind }: { id: string; kind: CampaignKind },
): Promise<OwnedChannel | undefined> {
  return db
    .selectFrom('campaigns')
    .select(['user_id as userId', 'channel_id as id'])
    .where('user_id', 'in', ownerIds)
    .where('id', '=', id)
    .where('kind', '=', kind)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** `cursorAt`: created_at with its microseconds, which a JS date loses. */
export type CampaignListRow = CampaignRow & { channelName: string; cursorAt: string; counts: Counts }

/** Newest first, from before `before`. */
export async function listCampaigns(
  db: Db,
  userId: string,
  options: { limit: number; before: ListCursor | null; statuses: CampaignStatus[] | null },
): Promise<CampaignListRow[]> {
  const rows = await campaignRows(db, userId)
    .$if(options.statuses !== null, (query) => query.where('c.status', 'in', options.statuses ?? []))
    .where(isOlder(options.before, 'c'))
    .orderBy('c.created_at', 'desc')
    .orderBy('c.id', 'desc')
    .limit(options.limit)
    .execute()
  return rows.map(withCounts)
}

/** What an overview shows: the first of those in these states, in the order that matters for each. */
export async function listFirstCampaigns(
  db: Db,
  userId: string,
  options: { statuses: CampaignStatus[]; limit: number },
): Promise<CampaignListRow[]> {
  const { statuses, limit } = options
  const rows = await campaignRows(db, userId)
    .where('c.status', 'in', statuses)
    // Paused by itself before paused by a person; then what starts, was paused, ended or began: see `byUrgency`.
    .orderBy(sql`coalesce(c.pause_reason, '') = 'user'`)
    .orderBy(byUrgency)
    .orderBy('c.id')
    .limit(limit)
    .execute()
  return rows.map(withCounts)
}

/** Seconds from or until what matters: the next to start first, and what happened last. */
const byUrgency = sql`abs(extract(epoch from clock_timestamp() - coalesce(
  case c.status when 'scheduled' then c.scheduled_at when 'paused' then c.paused_at when 'running' then c.started_at
    else c.finished_at end,
  c.created_at
)))`

function campaignRows(db: Db, userId: string) {
  return db
    .selectFrom('campaigns as c')
    .innerJoin('channels as l', (join) => join.onRef('l.user_id', '=', 'c.user_id').onRef('l.id', '=', 'c.channel_id'))
    .innerJoin('campaign_counts as k', (join) =>
      join.onRef('k.user_id', '=', 'c.user_id').onRef('k.campaign_id', '=', 'c.id'),
    )
    .selectAll('c')
    .select(['l.name as channelName', cursorAt('c')])
    .select(RECIPIENT_STATUSES.map((status) => `k.${status} as count_${status}` as const))
    .where('c.user_id', '=', userId)
    .where('c.kind', '=', 'campaign')
    .where('c.deleted_at', 'is', null)
}

function withCounts<Row extends Record<`count_${keyof Counts}`, number>>(row: Row): Row & { counts: Counts } {
  return { ...row, counts: countsOf(row) }
}

function countsOf(row: Record<`count_${keyof Counts}`, number>): Counts {
  return Object.fromEntries(RECIPIENT_STATUSES.map((status) => [status, row[`count_${status}`]])) as Counts
}

/** The same, held until the transaction ends. */
export async function lockCampaign(trx: Trx, userId: string, id: string): Promise<CampaignRow | undefined> {
  return trx
    .selectFrom('campaigns')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('kind', '=', 'campaign')
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** It starts as soon as its audience is expanded. */
export async function noteStartRequest(trx: Trx, userId: string, id: string): Promise<void> {
  await trx
    .updateTable('campaigns')
    .set({ start_requested: true })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .execute()
}

/** Takes a campaign out of every list. Nothing starts it any more, and its rows stay. */
export async function markDeleted(trx: Trx, userId: string, id: string): Promise<void> {
  await trx
    .updateTable('campaigns')
    .set({ deleted_at: sql<Date>`clock_timestamp()` })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .execute()
}

export type Moved = { id: string; userId: string; from: CampaignStatus }

/**
 * Moves campaigns to `to` where the state machine allows it, and keeps the clocks of the state: started, finished, time
 * spent running. Returns those that moved. The caller writes the audit rows in the same transaction.
 */
export async function moveCampaigns(
  trx: Trx,
  to: CampaignStatus,
  options: {
    userId?: string
    id?: string
    ids?: string[]
    /** Both where it is not said. */
    kind?: CampaignKind
    channelId?: string
    from?: CampaignStatus[]
    pauseReason?: PauseReason
    /** Further condition, as SQL over `c`. */
    where?: ReturnType<typeof sql<boolean>>
    /** A resumption that nobody asked for goes slower for so long. */
    slowForMs?: number
    /** At most so many; ask again for the rest. */
    limit?: number
  },
): Promise<Moved[]> {
  const from = (options.from ?? entriesTo(to)).filter((status) => entriesTo(to).includes(status))
  if (from.length === 0) return []
  const { rows } = await sql<Moved>`
    with target as materialized (
      select c.user_id, c.id, c.status from campaigns c
      where c.deleted_at is null and c.status in (${sql.join(from.map((status) => sql.lit(status)))})
        and ${options.kind === undefined ? sql`true` : sql`c.kind = ${sql.lit(options.kind)}`}
        and (${options.userId ?? null}::uuid is null or c.user_id = ${options.userId ?? null}::uuid)
        and (${options.id ?? null}::uuid is null or c.id = ${options.id ?? null}::uuid)
        and (${options.ids ?? null}::uuid[] is null or c.id = any(${options.ids ?? null}::uuid[]))
        and (${options.channelId ?? null}::uuid is null or c.channel_id = ${options.channelId ?? null}::uuid)
        and ${options.where ?? sql<boolean>`true`}
      order by c.id limit ${options.limit ?? null} for update
    )
    update campaigns c
    set status = ${to}::text,
      pause_reason = ${to === 'paused' ? (options.pauseReason ?? 'user') : null}::text,
      start_requested = false,
      closing = ${to === 'cancelled'},
      due_at = case when ${to === 'running'} and c.kind = 'single' then clock_timestamp() end,
      slow_until = clock_timestamp() + ${options.slowForMs ?? null}::double precision * interval '1 millisecond',
      started_at = case when ${to === 'running'} then coalesce(c.started_at, clock_timestamp()) else c.started_at end,
      content_zone = case when ${to === 'running'} then coalesce(c.content_zone, c.time_zone) else c.content_zone end,
      paused_at = case when ${to === 'paused'} then clock_timestamp() end,
      running_since = case when ${to === 'running'} then clock_timestamp() end,
      running_ms = c.running_ms + coalesce(extract(epoch from clock_timestamp() - c.running_since) * 1000, 0)::bigint,
      lock_renewed_at = case when ${to === 'running'} then clock_timestamp() else c.lock_renewed_at end,
      finished_at = case when ${to === 'completed' || to === 'cancelled' || to === 'failed'} then clock_timestamp() end
    from target t
    where c.user_id = t.user_id and c.id = t.id
    returning c.id, c.user_id as "userId", t.status as "from"
  `.execute(trx)
  return rows
}

/** Notes that nobody of a cancelled campaign is left to be closed, if that is so. */
export async function endClosing(trx: Trx, userId: string, id: string): Promise<void> {
  await sql`
    update campaigns c set closing = false
    where c.user_id = ${userId} and c.id = ${id} and c.closing and exists (
      select 1 from campaign_counts k
      where k.user_id = c.user_id and k.campaign_id = c.id and k.pending + k.retrying + k.sending = 0
    )
  `.execute(trx)
}

/** Campaigns that message ids of a channel speak of: by tag, only of this user and channel. */
export async function findCampaignsByTag(
  db: Db | Trx,
  userId: string,
  channelId: string,
  tags: number[],
): Promise<Map<number, { id: string; steps: number }>> {
  const rows = await db
    .selectFrom('campaigns')
    .select(['id', 'message_tag', sql<number>`jsonb_array_length(messages)`.as('steps')])
    .where('user_id', '=', userId)
    .where('channel_id', '=', channelId)
    .where('message_tag', 'in', tags)
    .execute()
  return new Map(rows.map((row) => [row.message_tag, { id: row.id, steps: row.steps }]))
}
