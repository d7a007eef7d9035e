import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import type { CampaignMessage, UnknownPolicy } from '#contract/campaigns.ts'
import type { FailureCategory } from '#contract/errors.ts'
import type { CampaignStatus, PauseReason, RecipientStatus } from '#contract/states.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { isOlder } from '#server/db/newestFirst.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import type { TimeColumns } from './campaignSettings.ts'

/*
 * Single messages as rows of `campaigns` with one recipient. Moving them is `moveCampaigns`, as for every campaign.
 */

export type NewSingle = {
  userId: string
  channelId: string
  message: CampaignMessage
  unknownPolicy: UnknownPolicy
  times: TimeColumns
  messageTag: number
}

/** The plan of one message: `scheduled` or, to be moved on at once, a draft. Its recipient is the caller's next step. */
export async function insertSingle(trx: Trx, single: NewSingle): Promise<{ id: string; status: CampaignStatus }> {
  return trx
    .insertInto('campaigns')
    .values({
      user_id: single.userId,
      channel_id: single.channelId,
      kind: 'single',
      name: '',
      message_tag: single.messageTag,
      messages: JSON.stringify([single.message]),
      status: single.times.scheduled_at === null ? 'draft' : 'scheduled',
      ...single.times,
      auto_resume: true,
      // The channel's own minimum is all that it waits for.
      delay_min_ms: 0,
      delay_max_ms: 0,
      randomize_order: false,
      order_seed: randomInt(2 ** 47),
      unknown_policy: single.unknownPolicy,
      preparing: false,
      next_recipient: 2,
      chosen: 1,
    })
    .returning(['id', 'status'])
    .executeTakeFirstOrThrow()
}

/** What stands for the text of a message to somebody who was erased: it may have spoken of them. */
const ERASED_TEXT = JSON.stringify([{ type: 'text', content: '—' }])

/** Takes the texts out of those of `ids` that are single messages; a campaign's text is everybody's. */
export async function eraseSingleTexts(trx: Trx, userId: string, ids: string[]): Promise<void> {
  await trx
    .updateTable('campaigns')
    .set({ messages: ERASED_TEXT })
    .where('user_id', '=', userId)
    .where('kind', '=', 'single')
    .where('id', 'in', ids)
    .execute()
}

/** A message, its one recipient, and what its channel waits for. */
export type SingleRow = {
  id: string
  channelId: string
  status: CampaignStatus
  pauseReason: PauseReason | null
  message: CampaignMessage
  messageTag: number
  scheduledAt: Date | null
  timeZone: string
  createdAt: Date
  finishedAt: Date | null
  /** created_at with its microseconds, which a JS date loses. */
  cursorAt: string
  heldReason: PauseReason | null
  recipientId: number
  phone: string
  name: string | null
  recipient: RecipientStatus
  step: number
  attempts: number
  maybeSent: boolean
  category: FailureCategory | null
  code: string | null
  nextAttemptAt: Date | null
  statusAt: Date
}

/** A message of this user; undefined when it is not there, or somebody else's. */
export async function findSingle(db: Db | Trx, userId: string, id: string): Promise<SingleRow | undefined> {
  const { rows } =
    await sql<SingleRow>`${SINGLES} where c.user_id = ${userId} and c.id = ${id} and ${IS_SINGLE}`.execute(db)
  return rows[0]
}

/** Newest first, from before `before`. */
export async function listSingles(
  db: Db,
  userId: string,
  options: { limit: number; before: ListCursor | null },
): Promise<SingleRow[]> {
  const { rows } = await sql<SingleRow>`
    ${SINGLES} where c.user_id = ${userId} and ${IS_SINGLE} and ${isOlder(options.before, 'c')}
    order by c.created_at desc, c.id desc limit ${options.limit}
  `.execute(db)
  return rows
}

const IS_SINGLE = sql`c.kind = 'single' and c.deleted_at is null`

const SINGLES = sql`
  select c.id, c.channel_id as "channelId", c.status, c.pause_reason as "pauseReason", c.messages -> 0 as message,
    c.message_tag as "messageTag", c.scheduled_at as "scheduledAt", c.time_zone as "timeZone",
    c.created_at as "createdAt", c.finished_at as "finishedAt", c.created_at::text as "cursorAt",
    l.held_reason as "heldReason", r.id as "recipientId", r.phone, r.name, r.status as recipient, r.step, r.attempts,
    r.maybe_sent as "maybeSent", r.error_category as category, r.error_code as code,
    r.next_attempt_at as "nextAttemptAt", r.status_at as "statusAt"
  from campaigns c
  join channels l on l.user_id = c.user_id and l.id = c.channel_id
  join campaign_contacts r on r.user_id = c.user_id and r.campaign_id = c.id`
