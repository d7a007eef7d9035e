import { sql, type RawBuilder } from 'kysely'

/**
 * SQL: whether a gateway has said that `phone`, a column, is not on WhatsApp. Answers about numbers are not kept yet, so
 * nobody is known: this is the one place to ask them.
 */
export function isKnownMissing(_userId: string, _phone: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`false`
}
