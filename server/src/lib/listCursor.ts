import { AppError } from './AppError.ts'

/** Where a list that is ordered by `created_at, id` goes on; `createdAt` as PostgreSQL writes it, in UTC. */
export type ListCursor = { createdAt: string; id: string }

const CURSOR = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00) ([0-9a-f-]{36})$/

export function writeCursor({ createdAt, id }: ListCursor): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url')
}

/** Throws VALIDATION_FAILED for what `writeCursor` did not make. */
export function readCursor(cursor: string): ListCursor {
  const [, createdAt, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (createdAt === undefined || id === undefined) throw badCursor()
  return { createdAt, id }
}

/** One page of a list, whose rows were asked for with one more than `limit`, and where the next begins. */
export function onePage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { itemOf, cursorOf }: { itemOf: (row: Row) => Item; cursorOf: (row: Row) => string },
): { items: Item[]; nextCursor: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items: rows.slice(0, limit).map(itemOf), nextCursor: last === undefined ? null : cursorOf(last) }
}

/** Of a row in a list that shows the newest first. */
export function cursorOfRow({ cursorAt, id }: { cursorAt: string; id: string }): string {
  return writeCursor({ createdAt: cursorAt, id })
}

export function badCursor(): AppError {
  return new AppError('VALIDATION_FAILED', { details: [{ field: 'cursor', message: 'This is not a cursor of ours.' }] })
}
