import { sql } from 'kysely'
import type { FrequencyCap } from '#contract/frequencyCap.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { lockToStorePeople } from '#server/suppressions/personLock.ts'

/*
 * Who was written to lately, for frequency caps. An account that has never used one has no row in send_histories, and
 * nothing is noted for it. From its first cap on every claim is noted in contact_sends, and what was sent before is
 * noted in the background; until that is done (`ready`), none of its campaigns is expanded. See decision 016.
 */

/** The longest span that a cap can look back over, in days; older rows leave with the daily job. */
const KEPT_DAYS = 90
/** Recipients looked at in one statement: some 100 ms. */
const PIECE = 10_000

/** The cap that holds for all campaigns of an account; null where there is none. */
export async function findAccountCap(db: Db | Trx, userId: string): Promise<FrequencyCap | null> {
  const row = await db
    .selectFrom('send_histories')
    .select(['cap_count', 'cap_days'])
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return toCap(row?.cap_count ?? null, row?.cap_days ?? null)
}

export function toCap(count: number | null, days: number | null): FrequencyCap | null {
  return count === null || days === null ? null : { count, days }
}

/** Sets or takes away the cap of an account; what is noted of its sends stays noted. */
export async function saveAccountCap(trx: Trx, userId: string, cap: FrequencyCap | null): Promise<void> {
  const columns = { cap_count: cap?.count ?? null, cap_days: cap?.days ?? null }
  if (cap === null) await trx.updateTable('send_histories').set(columns).where('user_id', '=', userId).execute()
  else {
    await trx
      .insertInto('send_histories')
      .values({ user_id: userId, ...columns })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet(columns))
      .execute()
  }
}

/** From now on the account's claims are noted. */
export async function keepSendHistory(trx: Trx, userId: string): Promise<void> {
  await trx
    .insertInto('send_histories')
    .values({ user_id: userId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/**
 * Notes what was sent before an account had its first cap: one piece of one account, in the order of the books' key.
 * True when there may be more, for this account or another. Several processes share the work.
 */
export async function fillSendHistory(db: Db): Promise<boolean> {
  return transaction(db, async (trx) => {
    const history = await trx
      .selectFrom('send_histories')
      .selectAll()
      .where('ready', '=', false)
      .limit(1)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    if (history === undefined) return false
    const { user_id: userId, fill_campaign: campaignId, fill_recipient: recipientId } = history
    // Nobody is erased between our look and our note.
    await lockToStorePeople(trx, userId)
    const { rows } = await sql<{ seen: number; campaignId: string | null; recipientId: number | null }>`
      with page as materialized (
        select campaign_id, id, phone, status, maybe_sent, step, coalesce(rendered_at, status_at) as sent_at
        from campaign_contacts
        where user_id = ${userId} and (campaign_id, id) > (${campaignId}::uuid, ${recipientId}::bigint)
        order by campaign_id, id limit ${PIECE}
      ),
      noted as (
        insert into contact_sends (user_id, phone, campaign_id, recipient_id, sent_at)
        select ${userId}, phone, campaign_id, id, sent_at from page
        where may_have_received(status, maybe_sent, step) and phone not like 'erased:%'
          and sent_at > clock_timestamp() - make_interval(days => ${KEPT_DAYS}::int)
        order by phone, campaign_id
        on conflict do nothing
      )
      select (select count(*) from page) as seen, l.campaign_id as "campaignId", l.id as "recipientId"
      from (select 1) one left join (select campaign_id, id from page order by campaign_id desc, id desc limit 1) l on true
    `.execute(trx)
    const { seen, ...last } = rows[0] ?? { seen: 0, campaignId: null, recipientId: null }
    await trx
      .updateTable('send_histories')
      .set({
        ready: seen < PIECE,
        fill_campaign: last.campaignId ?? campaignId,
        fill_recipient: last.recipientId ?? recipientId,
      })
      .where('user_id', '=', userId)
      .execute()
    return true
  })
}

/** Of a person who is erased nothing stays that says whom somebody wrote to. */
export async function forgetSends(trx: Trx, userId: string, phone: string): Promise<void> {
  await trx.deleteFrom('contact_sends').where('user_id', '=', userId).where('phone', '=', phone).execute()
}

const isOld = sql<boolean>`sent_at < clock_timestamp() - make_interval(days => ${sql.lit(KEPT_DAYS)})`

/** What no cap can ask for any more, for the daily job. */
export const SEND_HISTORY_SWEEPS = [
  {
    name: 'contact_sends',
    count: async (db: Db): Promise<number> => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from contact_sends where ${isOld}`.execute(db)
      return rows[0]?.n ?? 0
    },
    removeSome: async (db: Db, most: number): Promise<number> => {
      const { numAffectedRows = 0n } = await sql`
        delete from contact_sends where ctid = any(array(select ctid from contact_sends where ${isOld} limit ${most}))
      `.execute(db)
      return Number(numAffectedRows)
    },
  },
]
