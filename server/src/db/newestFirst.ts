import { sql, type AliasedRawBuilder, type RawBuilder } from 'kysely'
import type { ListCursor } from '#server/lib/listCursor.ts'

/** Selects `created_at` with its microseconds, which a JS date loses. `table` as the query calls it, here and below. */
export function cursorAt(table?: string): AliasedRawBuilder<string, 'cursorAt'> {
  return sql<string>`${columnOf('created_at', table)}::text`.as('cursorAt')
}

/** In a list that shows the newest first: what comes after `before`, or everything. */
export function isOlder(before: ListCursor | null, table?: string): RawBuilder<boolean> {
  if (before === null) return sql<boolean>`true`
  const place = sql`(${columnOf('created_at', table)}, ${columnOf('id', table)})`
  return sql<boolean>`${place} < (${before.createdAt}::timestamptz, ${before.id}::uuid)`
}

function columnOf(name: string, table?: string): RawBuilder<unknown> {
  return sql.ref(table === undefined ? name : `${table}.${name}`)
}
