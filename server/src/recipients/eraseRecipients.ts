import { sql } from 'kysely'
import { SUPPRESSED } from '#contract/suppressions.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { ERASED_PREFIX } from '#server/suppressions/isSuppressed.ts'
import { forgetSends } from './sendHistory.ts'

/** One recipient of one campaign. */
export type RecipientPlace = { campaignId: string; id: number }

export type ErasedRecipients = {
  places: RecipientPlace[]
  /** Ids that the gateway gave their messages; Meta's contain the number. */
  gatewayIds: string[]
  /** Open ones, which are now skipped or unknown. */
  closed: number
}

/** Where a person stands in the campaigns and single messages of an account: one look-up in an index for each of them. */
export async function findPlacesOf(db: Db | Trx, userId: string, phone: string): Promise<RecipientPlace[]> {
  const { rows } = await sql<RecipientPlace>`
    with mine as materialized (select id from campaigns where user_id = ${userId})
    select m.id as "campaignId", r.id from mine m cross join lateral (
      select c.id from campaign_contacts c
      where c.user_id = ${userId} and c.campaign_id = m.id and c.phone = ${phone} limit 1
    ) r
    order by m.id
  `.execute(db)
  return rows
}

/** Whether a request to one of them may be under way: claimed under a lane that is alive. Holds the rows. */
export async function areUnderWay(trx: Trx, userId: string, places: RecipientPlace[]): Promise<boolean> {
  const { rows } = await sql<{ live: boolean }>`
    select c.status = 'sending' and exists (
      select 1 from channels l join campaigns p on p.user_id = l.user_id and p.channel_id = l.id
      where p.user_id = c.user_id and p.id = c.campaign_id and l.lane_epoch = c.claim_epoch
        and l.lane_expires_at > clock_timestamp()
    ) as live
    from campaign_contacts c join ${input(places)} on c.campaign_id = i.campaign_id and c.id = i.id
    where c.user_id = ${userId} order by c.campaign_id, c.id for update of c
  `.execute(trx)
  return rows.some(({ live }) => live)
}

/**
 * Takes everything out of these rows that says who it was, and out of what was typed for a campaign. The rows stay and
 * the books balance: who was still open is `skipped`, or `unknown` where the message may have gone out. Nobody may be
 * under way (`areUnderWay`, in the same transaction). `spellings`: digits by which the number is found within what was
 * typed and refused; such an entry keeps its reason, because it is counted.
 */
export async function eraseRecipients(
  trx: Trx,
  userId: string,
  { phone, spellings }: { phone: string; spellings: string[] },
  places: RecipientPlace[],
): Promise<ErasedRecipients> {
  const gatewayIds = await takeGatewayIds(trx, userId, places)
  const closed = await blankRows(trx, userId, places)
  await blankTyped(trx, userId, phone, spellings)
  await forgetSends(trx, userId, phone)
  // The application may not change the log: this function may, for rows of people who are erased by now.
  await sql`
    select blank_error_texts(${userId}, ${campaignsOf(places)}::uuid[], ${idsOf(places)}::bigint[])
  `.execute(trx)
  return { places, gatewayIds, closed }
}

async function blankTyped(trx: Trx, userId: string, phone: string, spellings: string[]): Promise<void> {
  await sql`
    update campaign_typed_recipients
    set phone = null, name = null, variables = '{}', input = '', reason = coalesce(reason, 'ERASED')
    where user_id = ${userId} and (
      phone = ${phone}
      or regexp_replace(input, '[^0-9]', '', 'g') like any(${spellings.map((digits) => `%${digits}%`)}::text[])
    )
  `.execute(trx)
}

async function blankRows(trx: Trx, userId: string, places: RecipientPlace[]): Promise<number> {
  const { rows } = await sql<{ closed: number }>`
    with target as materialized (
      select c.campaign_id, c.id, c.status as was, c.status in ('pending', 'retrying', 'sending') as open,
        case
          when c.status not in ('pending', 'retrying', 'sending') then c.status
          when c.maybe_sent or c.status = 'sending' then 'unknown' else 'skipped'
        end as becomes
      from campaign_contacts c join ${input(places)} on c.campaign_id = i.campaign_id and c.id = i.id
      where c.user_id = ${userId} order by c.campaign_id, c.id for update of c
    ),
    moved as (
      update campaign_contacts c
      set phone = ${ERASED_PREFIX} || c.id, name = null, variables = '{}', contact_id = null, gateway_id = null, send_to = null,
        status = t.becomes, next_attempt_at = null, claim_epoch = null,
        status_at = case when t.open then clock_timestamp() else c.status_at end,
        error_category = case when t.open then null else c.error_category end,
        error_code = case when t.open then ${SUPPRESSED} else c.error_code end
      from target t
      where c.user_id = ${userId} and c.campaign_id = t.campaign_id and c.id = t.id
      returning c.campaign_id, t.was, t.becomes, t.open
    ),
    counted as (
      update campaign_counts k
      set pending = k.pending - n.pending, retrying = k.retrying - n.retrying, sending = k.sending - n.sending,
        skipped = k.skipped + n.skipped, unknown = k.unknown + n.unknown
      from (
        select campaign_id, count(*) filter (where was = 'pending') as pending,
          count(*) filter (where was = 'retrying') as retrying, count(*) filter (where was = 'sending') as sending,
          count(*) filter (where becomes = 'skipped') as skipped, count(*) filter (where becomes = 'unknown') as unknown
        from moved where open group by campaign_id order by campaign_id
      ) n
      where k.user_id = ${userId} and k.campaign_id = n.campaign_id
    )
    select count(*) filter (where open) as closed from moved
  `.execute(trx)
  return rows[0]?.closed ?? 0
}

async function takeGatewayIds(trx: Trx, userId: string, places: RecipientPlace[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with taken as (
      select s.campaign_id, s.contact_id, s.step, s.gateway_id from campaign_contact_steps s
      join ${input(places)} on s.campaign_id = i.campaign_id and s.contact_id = i.id
      where s.user_id = ${userId} and s.gateway_id is not null
    ),
    cleared as (
      update campaign_contact_steps s set gateway_id = null from taken t
      where s.user_id = ${userId} and s.campaign_id = t.campaign_id and s.contact_id = t.contact_id and s.step = t.step
    )
    select gateway_id as id from taken
    union
    select c.gateway_id from campaign_contacts c join ${input(places)} on c.campaign_id = i.campaign_id and c.id = i.id
    where c.user_id = ${userId} and c.gateway_id is not null
  `.execute(trx)
  return rows.map(({ id }) => id)
}

function input(places: RecipientPlace[]) {
  return sql`unnest(${campaignsOf(places)}::uuid[], ${idsOf(places)}::bigint[]) as i(campaign_id, id)`
}

function campaignsOf(places: RecipientPlace[]): string[] {
  return places.map(({ campaignId }) => campaignId)
}

function idsOf(places: RecipientPlace[]): number[] {
  return places.map(({ id }) => id)
}
