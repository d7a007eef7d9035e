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

export function badCursor(): AppError {
  return new AppError('VALIDATION_FAILED', { details: [{ field: 'cursor', message: 'This is not a cursor of ours.' }] })
}
