import { sql, type RawBuilder } from 'kysely'

/** What stands for the phone of somebody who was erased: no number, and unique within its campaign. */
export const ERASED_PREFIX = 'erased:'

/**
 * SQL: whether `phone`, a column, belongs to somebody whom the account must not write to. One look-up in an index a row,
 * however long the list is (a join would be planned as a scan of it), and none where the account has no list.
 */
export function isSuppressed(userId: string, phone: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(
    ${phone} like ${`${ERASED_PREFIX}%`} or (
      (select exists (select from suppressions where user_id = ${userId})) and coalesce(
        (select true from suppressions s where s.user_id = ${userId} and s.phone = ${phone} limit 1), false
      )
    )
  )`
}
