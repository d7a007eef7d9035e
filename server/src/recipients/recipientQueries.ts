import { sql } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import { NO_COUNTS, RECIPIENT_STATUSES, type Counts, type RecipientStatus } from '#contract/states.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { failpoints } from '#server/lib/failpoints.ts'

const COUNTED_AT_ONCE = 200_000

/** The books of one campaign, from its one counter row. All zero when it has none yet. */
export async function getCounts(db: Db | Trx, userId: string, campaignId: string): Promise<Counts> {
  const row = await db
    .selectFrom('campaign_counts')
    .select(RECIPIENT_STATUSES)
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .executeTakeFirst()
  return row ?? { ...NO_COUNTS }
}

/** Whether anybody is still to be decided, by the rows and not by the counters; two look-ups in indexes. */
export async function hasOpenRecipients(db: Db, userId: string, campaignId: string): Promise<boolean> {
  const { rows } = await sql<{ open: boolean }>`
    select exists (
      select 1 from campaign_contacts where user_id = ${userId} and campaign_id = ${campaignId} and status = 'pending'
    ) or exists (
      select 1 from campaign_contacts
      where user_id = ${userId} and campaign_id = ${campaignId} and status in ('retrying', 'sending')
    ) as open
  `.execute(db)
  return rows[0]?.open ?? true
}

/**
 * Counts the rows themselves and puts the counters right where they differ. The counter row is locked first, so that
 * no writer of the books commits in between. Returns what was found; `drifted` when something had to be corrected.
 */
export async function recount(
  trx: Trx,
  userId: string,
  campaignId: string,
): Promise<{ counts: Counts; drifted: boolean }> {
  const before = await trx
    .selectFrom('campaign_counts')
    .select(RECIPIENT_STATUSES)
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const counts = await countRows(trx, userId, campaignId)
  const drifted = RECIPIENT_STATUSES.some((status) => counts[status] !== before[status])
  if (drifted) {
    await trx
      .updateTable('campaign_counts')
      .set(counts)
      .where('user_id', '=', userId)
      .where('campaign_id', '=', campaignId)
      .execute()
  }
  return { counts, drifted }
}

/** In stretches: one statement over millions of rows would exceed the time that a query may take. */
export async function countRows(trx: Trx, userId: string, campaignId: string): Promise<Counts> {
  const counts: Counts = { ...NO_COUNTS }
  const last = await lastRecipientId(trx, userId, campaignId)
  for (let after = 0; after < last; after += COUNTED_AT_ONCE) {
    const rows = await trx
      .selectFrom('campaign_contacts')
      .select(['status', (eb) => eb.fn.countAll<number>().as('n')])
      .where('user_id', '=', userId)
      .where('campaign_id', '=', campaignId)
      .where('id', '>', after)
      .where('id', '<=', after + COUNTED_AT_ONCE)
      .groupBy('status')
      .execute()
    for (const { status, n } of rows) counts[status] += n
  }
  return counts
}

async function lastRecipientId(trx: Trx, userId: string, campaignId: string): Promise<number> {
  const row = await trx
    .selectFrom('campaign_contacts')
    .select('id')
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id ?? 0
}

export type ErrorLogEntry = {
  contactId: number | null
  phone: string | null
  category: FailureCategory
  code: string
  message: string
  at: Date
}

/** The newest failed attempts and auto-pauses, newest first. */
export async function listRecentErrors(
  db: Db,
  userId: string,
  campaignId: string,
  limit: number,
): Promise<ErrorLogEntry[]> {
  const rows = await db
    .selectFrom('campaign_error_logs as e')
    .leftJoin('campaign_contacts as c', (join) =>
      join
        .onRef('c.user_id', '=', 'e.user_id')
        .onRef('c.campaign_id', '=', 'e.campaign_id')
        .onRef('c.id', '=', 'e.contact_id'),
    )
    .select(['e.contact_id', 'c.phone', 'e.error_type', 'e.error_code', 'e.error_message', 'e.created_at'])
    .where('e.user_id', '=', userId)
    .where('e.campaign_id', '=', campaignId)
    .orderBy('e.id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    contactId: row.contact_id,
    phone: row.phone,
    category: row.error_type,
    code: row.error_code,
    message: row.error_message,
    at: row.created_at,
  }))
}

/** Writes an error that concerns the campaign as a whole, such as the reason of an auto-pause. */
export async function logCampaignErrors(
  trx: Trx,
  entries: { userId: string; campaignId: string; category: FailureCategory; code: string; message: string }[],
): Promise<void> {
  if (entries.length === 0) return
  if (failpoints !== null) await failpoints.pass('during_error_log')
  await trx
    .insertInto('campaign_error_logs')
    .values(
      entries.map((entry) => ({
        user_id: entry.userId,
        campaign_id: entry.campaignId,
        contact_id: null,
        error_type: entry.category,
        error_code: entry.code,
        error_message: entry.message,
        stack_trace: null,
      })),
    )
    .execute()
}

/** How many recipients failed for which reason. */
export async function getFailures(db: Db, userId: string, campaignId: string): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('campaign_failure_counts')
    .select(['category', 'failed'])
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .execute()
  return Object.fromEntries(rows.map((row) => [row.category, row.failed]))
}

export type BookEntry = {
  id: number
  phone: string
  name: string | null
  status: RecipientStatus
  step: number
  attempts: number
  errorCategory: FailureCategory | null
  errorCode: string | null
  statusAt: Date
}

/** Recipients in the order of their numbers, from after `afterId`. */
export async function listRecipients(
  db: Db,
  userId: string,
  campaignId: string,
  options: { afterId: number; limit: number; status?: RecipientStatus },
): Promise<BookEntry[]> {
  const rows = await db
    .selectFrom('campaign_contacts')
    .select(['id', 'phone', 'name', 'status', 'step', 'attempts', 'error_category', 'error_code', 'status_at'])
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .where('id', '>', options.afterId)
    .$if(options.status !== undefined, (query) => query.where('status', '=', options.status ?? 'pending'))
    .orderBy('id')
    .limit(options.limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    phone: row.phone,
    name: row.name,
    status: row.status,
    step: row.step,
    attempts: row.attempts,
    errorCategory: row.error_category,
    errorCode: row.error_code,
    statusAt: row.status_at,
  }))
}

/** Milliseconds until the earliest retry is due (negative when overdue); null when nothing waits. */
export async function findNextRetryInMs(db: Db, userId: string, campaignId: string): Promise<number | null> {
  const { rows } = await sql<{ ms: number | null }>`
    select extract(epoch from (next_attempt_at - clock_timestamp()))::double precision * 1000 as ms from campaign_contacts
    where user_id = ${userId} and campaign_id = ${campaignId} and status = 'retrying'
    order by next_attempt_at limit 1
  `.execute(db)
  return rows[0]?.ms ?? null
}
