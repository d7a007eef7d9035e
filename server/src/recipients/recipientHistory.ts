import { sql } from 'kysely'
import type { CampaignMessage } from '#contract/campaigns.ts'
import type { FailureCategory } from '#contract/errors.ts'
import type { RecipientStatus } from '#contract/states.ts'
import type { Db } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import type { RecipientPlace } from './eraseRecipients.ts'

/** What one campaign or single message was to one person. */
export type RecipientHistory = {
  campaignId: string
  kind: 'campaign' | 'single'
  name: string
  channelName: string
  messages: CampaignMessage[]
  phone: string
  recipientName: string | null
  variables: Record<string, string>
  status: RecipientStatus
  statusAt: Date
  step: number
  attempts: number
  errorCategory: FailureCategory | null
  errorCode: string | null
  createdAt: Date
  /** Instants as PostgreSQL writes them into JSON. */
  steps: { step: number; status: string; at: string }[]
  errors: { category: string; code: string; message: string; at: string }[]
}

/** Oldest first. */
export async function listHistory(db: Db, userId: string, places: RecipientPlace[]): Promise<RecipientHistory[]> {
  const { rows } = await sql<RecipientHistory>`
    select p.id as "campaignId", p.kind, p.name, l.name as "channelName", p.messages, c.phone, c.name as "recipientName",
      c.variables, c.status, c.status_at as "statusAt", c.step, c.attempts, c.error_category as "errorCategory",
      c.error_code as "errorCode", p.created_at as "createdAt",
      (select coalesce(jsonb_agg(jsonb_build_object('step', s.step, 'status', s.status, 'at', s.settled_at) order by s.step), '[]')
        from campaign_contact_steps s
        where s.user_id = c.user_id and s.campaign_id = c.campaign_id and s.contact_id = c.id) as steps,
      (select coalesce(jsonb_agg(jsonb_build_object('category', e.error_type, 'code', e.error_code,
          'message', e.error_message, 'at', e.created_at) order by e.id), '[]')
        from campaign_error_logs e where e.campaign_id = c.campaign_id and e.contact_id = c.id) as errors
    from unnest(
      ${places.map(({ campaignId }) => campaignId)}::uuid[], ${places.map(({ id }) => id)}::bigint[]
    ) as i(campaign_id, id)
    join campaign_contacts c on c.user_id = ${userId} and c.campaign_id = i.campaign_id and c.id = i.id
    join campaigns p on p.user_id = c.user_id and p.id = c.campaign_id
    join channels l on l.user_id = p.user_id and l.id = p.channel_id
    order by p.created_at, p.id
  `.execute(db)
  return rows
}

/** Where a campaign or message stands for one person, without what it said. */
export type Activity = Omit<
  RecipientHistory,
  'messages' | 'phone' | 'recipientName' | 'variables' | 'steps' | 'errors'
> & {
  /** created_at with its microseconds, which a JS date loses. */
  cursorAt: string
}

/** Newest first, from before `before`: one look-up in an index for each campaign and message of the account. */
export async function listActivity(
  db: Db,
  userId: string,
  phone: string,
  options: { limit: number; before: ListCursor | null },
): Promise<Activity[]> {
  const { rows } = await sql<Activity>`
    select p.id as "campaignId", p.kind, p.name, l.name as "channelName", r.status, r.status_at as "statusAt", r.step,
      r.attempts, r.error_category as "errorCategory", r.error_code as "errorCode", p.created_at as "createdAt",
      ${cursorAt('p')}
    from campaigns p
    cross join lateral (
      select c.* from campaign_contacts c
      where c.user_id = ${userId} and c.campaign_id = p.id and c.phone = ${phone} limit 1
    ) r
    join channels l on l.user_id = p.user_id and l.id = p.channel_id
    where p.user_id = ${userId} and p.deleted_at is null and ${isOlder(options.before, 'p')}
    order by p.created_at desc, p.id desc limit ${options.limit}
  `.execute(db)
  return rows
}
