import { sql, type RawBuilder } from 'kysely'
import type { AuditFilter } from '#contract/audit.ts'
import type { Db } from '#server/db/Database.ts'

type AuditListRow = {
  id: number
  action: string
  user_id: string | null
  userName: string | null
  address: string | null
  details: Record<string, unknown>
  created_at: Date
}

/** A row of either trail; `place` is where the list goes on after it. */
export type AnyAuditRow = AuditListRow & {
  kind: 'campaign' | 'event'
  owner_id: string | null
  campaign_id: string | null
  target: string | null
  place: string
}

/** Microseconds and all: rows of one millisecond must not be skipped. */
const PLACE = /^(\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00) (campaign|event) (\d{1,16})$/

/** Whether this user has, or had, such a campaign; its trail says so also when it was purged. */
export async function hasHistory(db: Db, ownerId: string, campaignId: string): Promise<boolean> {
  const { rows } = await sql`
    select where exists (select from campaigns where id = ${campaignId} and user_id = ${ownerId})
      or exists (select from campaign_audit_logs where campaign_id = ${campaignId} and owner_id = ${ownerId})
  `.execute(db)
  return rows.length > 0
}

/** What happened to one campaign, from after the row `after` in the order that is asked for. */
export async function listHistory(
  db: Db,
  about: { ownerId: string; campaignId: string },
  page: { order: 'asc' | 'desc'; after: number | null; limit: number },
): Promise<AuditListRow[]> {
  const rows = db
    .selectFrom('campaign_audit_logs as a')
    .leftJoin('users as u', 'u.id', 'a.user_id')
    .select(['a.id', 'a.action', 'a.user_id', 'u.name as userName', 'a.address', 'a.details', 'a.created_at'])
    .where('a.campaign_id', '=', about.campaignId)
    .where('a.owner_id', '=', about.ownerId)
    .orderBy('a.id', page.order)
    .limit(page.limit)
  const { after } = page
  return (after === null ? rows : rows.where('a.id', page.order === 'asc' ? '>' : '<', after)).execute()
}

/** Both trails of all accounts as one, newest first, from after `after`. Null where `after` is no place of ours. */
export async function listEverything(
  db: Db,
  filter: AuditFilter,
  page: { after: string | null; limit: number },
): Promise<AnyAuditRow[] | null> {
  const place = page.after === null ? null : PLACE.exec(page.after)
  if (page.after !== null && place === null) return null
  const { limit } = page
  // Each trail gives its own newest by its index; only those few are put together.
  const { rows } = await sql<AnyAuditRow>`
    select a.*, u.name as "userName", concat_ws(' ', a.created_at::text, a.kind, a.id) as place
    from (
      (select 'campaign' as kind, id, action, user_id, owner_id, campaign_id, null::text as target, details, address, created_at
        from campaign_audit_logs where ${conditions('campaign', filter, place)} order by created_at desc, id desc limit ${limit})
      union all
      (select 'event', id, action, user_id, owner_id, null, target, details, address, created_at
        from audit_events where ${conditions('event', filter, place)} order by created_at desc, id desc limit ${limit})
    ) a left join users u on u.id = a.user_id
    order by a.created_at desc, a.kind desc, a.id desc limit ${limit}
  `.execute(db)
  return rows
}

function conditions(
  kind: AnyAuditRow['kind'],
  filter: AuditFilter,
  place: RegExpExecArray | null,
): RawBuilder<unknown> {
  const { user, action, campaign, from, to } = filter
  const all = [place === null ? sql`true` : isBefore(kind, place)]
  if (user !== undefined) all.push(sql`(user_id = ${user} or owner_id = ${user})`)
  if (action !== undefined) all.push(sql`action = ${action}`)
  if (campaign !== undefined) all.push(kind === 'campaign' ? sql`campaign_id = ${campaign}` : sql`false`)
  if (from !== undefined) all.push(sql`created_at >= ${from}::timestamptz`)
  if (to !== undefined) all.push(sql`created_at < ${to}::timestamptz`)
  return sql.join(all, sql` and `)
}

function isBefore(kind: AnyAuditRow['kind'], [, at, placeKind, id]: RegExpExecArray): RawBuilder<unknown> {
  return sql`created_at <= ${at}::timestamptz
    and (created_at, ${kind}::text, id) < (${at}::timestamptz, ${placeKind}::text, ${id}::bigint)`
}
