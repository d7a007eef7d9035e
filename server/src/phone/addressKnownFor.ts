import { sql, type RawBuilder } from 'kysely'

/**
 * SQL: the address that WhatsApp uses for `phone`, a column, where a gateway said that it is another than the number; else
 * null. One look-up in an index a row, and none where the account knows of no such address.
 */
export function addressKnownFor(userId: string, phone: RawBuilder<unknown>): RawBuilder<string | null> {
  return sql<string | null>`case
    when (select exists (select from phone_checks where user_id = ${userId} and send_to is not null)) then
      (select k.send_to from phone_checks k where k.user_id = ${userId} and k.phone = ${phone} and k.send_to is not null)
  end`
}
