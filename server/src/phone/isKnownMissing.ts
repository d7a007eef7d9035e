import { sql, type RawBuilder } from 'kysely'

/**
 * SQL: whether a gateway said of `phone`, a column, that nobody there is on WhatsApp. One look-up in an index a row, and
 * none where the account knows of no such number.
 */
export function isKnownMissing(userId: string, phone: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(
    (select exists (select from phone_checks where user_id = ${userId} and not is_on_whatsapp)) and coalesce(
      (select not known.is_on_whatsapp from phone_checks known where known.user_id = ${userId} and known.phone = ${phone}), false
    )
  )`
}
