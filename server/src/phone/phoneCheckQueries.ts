import { sql } from 'kysely'
import { expirySweep } from '#server/audit/sweeps.ts'
import type { Db, Trx } from '#server/db/Database.ts'

/** After this an answer is not even good for the address to send to, and leaves. */
const KEPT_DAYS = 30

export type StoredAnswer = {
  phone: string
  isOnWhatsapp: boolean
  jid: string | null
  checkedAt: Date
  /** By the database's clock. */
  ageMs: number
}

const columns = sql`
  phone, is_on_whatsapp as "isOnWhatsapp", jid, checked_at as "checkedAt",
  (extract(epoch from clock_timestamp() - checked_at) * 1000)::double precision as "ageMs"`

/** Answers about `phones` that are younger than `lifeMs`. */
export async function findAnswers(
  db: Db,
  userId: string,
  phones: readonly string[],
  lifeMs: number,
): Promise<StoredAnswer[]> {
  const { rows } = await sql<StoredAnswer>`
    select ${columns} from phone_checks
    where user_id = ${userId} and phone = any(${phones}::text[])
      and checked_at > clock_timestamp() - make_interval(secs => ${lifeMs / 1000})
  `.execute(db)
  return rows
}

export type NewAnswer = { phone: string; isOnWhatsapp: boolean; jid: string | null; sendTo: string | null }

/** Replaces what was known of these numbers. */
export async function saveAnswers(
  trx: Trx,
  userId: string,
  channelId: string,
  answers: readonly NewAnswer[],
): Promise<StoredAnswer[]> {
  const { rows } = await sql<StoredAnswer>`
    insert into phone_checks (user_id, phone, is_on_whatsapp, jid, send_to, channel_id, expires_at)
    select ${userId}, a.phone, a."isOnWhatsapp", a.jid, a."sendTo", ${channelId},
      clock_timestamp() + make_interval(days => ${KEPT_DAYS})
    from jsonb_to_recordset(${JSON.stringify(answers)}::jsonb)
      as a(phone text, "isOnWhatsapp" boolean, jid text, "sendTo" text)
    -- In one order, so that two who store at once do not wait for each other.
    order by a.phone
    on conflict (user_id, phone) do update set is_on_whatsapp = excluded.is_on_whatsapp, jid = excluded.jid,
      send_to = excluded.send_to, channel_id = excluded.channel_id, checked_at = clock_timestamp(),
      expires_at = excluded.expires_at
    returning ${columns}
  `.execute(trx)
  return rows
}

/** Of a person who is erased. */
export async function deleteAnswer(trx: Trx, userId: string, phone: string): Promise<void> {
  await trx.deleteFrom('phone_checks').where('user_id', '=', userId).where('phone', '=', phone).execute()
}

export const PHONE_SWEEPS = [expirySweep('phone_checks')]
