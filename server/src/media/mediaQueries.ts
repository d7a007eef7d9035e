import { sql, type Selectable } from 'kysely'
import type { FileType } from './fileTypes.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import type { MediaTable } from './mediaTables.ts'

/** A medium whose bytes are all here. */
export type MediumRow = Selectable<MediaTable> & { sha256: Buffer }

export async function findMedium(db: Db | Trx, userId: string, id: string): Promise<MediumRow | undefined> {
  return arrived(db, userId).where('id', '=', id).executeTakeFirst()
}

/** The media among `ids`, held until the transaction ends: nobody deletes them meanwhile. */
export async function holdMedia(trx: Trx, userId: string, ids: string[]): Promise<MediumRow[]> {
  return arrived(trx, userId).where('id', 'in', ids).orderBy('id').forKeyShare().execute()
}

/** The same medium for a deletion: waits for whoever holds it. */
export async function lockMedium(trx: Trx, userId: string, id: string): Promise<MediumRow | undefined> {
  return arrived(trx, userId).where('id', '=', id).forUpdate().executeTakeFirst()
}

function arrived(db: Db | Trx, userId: string) {
  return db
    .selectFrom('media')
    .selectAll()
    .where('user_id', '=', userId)
    .where('sha256', 'is not', null)
    .$narrowType<{ sha256: Buffer }>()
}

/** `cursorAt`: created_at with its microseconds, which a JS date loses. */
export type MediumListRow = MediumRow & { cursorAt: string }

/** Newest first, from before `before`. */
export async function listMedia(
  db: Db,
  userId: string,
  options: { limit: number; before: ListCursor | null },
): Promise<MediumListRow[]> {
  return arrived(db, userId)
    .select(cursorAt())
    .where(isOlder(options.before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute()
}

/** A medium whose bytes are about to arrive. Returns its id. */
export async function openMedium(db: Db, userId: string, file: FileType & { fileName: string }): Promise<string> {
  const { id } = await db
    .insertInto('media')
    .values({ user_id: userId, kind: file.kind, mime_type: file.mimeType, file_name: file.fileName })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** From here on one upload of the account at a time: two of the same bytes must not both believe to be the first. */
export async function lockMedia(trx: Trx, userId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`media ${userId}`}, 0))`.execute(trx)
}

/** All its bytes are here. Undefined when it was swept meanwhile. */
export async function finishMedium(
  trx: Trx,
  userId: string,
  id: string,
  { sha256, bytes }: { sha256: Buffer; bytes: number },
): Promise<MediumRow | undefined> {
  return trx
    .updateTable('media')
    .set({ sha256, bytes, created_at: sql<Date>`clock_timestamp()` })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returningAll()
    .$narrowType<{ sha256: Buffer }>()
    .executeTakeFirst()
}

export async function findSameMedium(
  db: Db | Trx,
  userId: string,
  same: { sha256: Buffer; mimeType: string },
): Promise<MediumRow | undefined> {
  return arrived(db, userId).where('sha256', '=', same.sha256).where('mime_type', '=', same.mimeType).executeTakeFirst()
}

/** Bytes of all media of an account. */
export async function sumOfMedia(db: Db | Trx, userId: string): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select coalesce(sum(bytes), 0)::bigint as bytes from media where user_id = ${userId}
  `.execute(db)
  return rows[0]?.bytes ?? 0
}

/** Its pieces go with it. */
export async function deleteMedium(db: Db | Trx, userId: string, id: string): Promise<void> {
  await db.deleteFrom('media').where('user_id', '=', userId).where('id', '=', id).execute()
}

/** Uploads of this account that broke off with their process: nothing arrives for so long. */
export async function listBrokenUploads(db: Db, userId: string, olderThanMs: number): Promise<string[]> {
  const rows = await db
    .selectFrom('media')
    .select('id')
    .where('user_id', '=', userId)
    .where('sha256', 'is', null)
    .where(
      'created_at',
      '<',
      sql<Date>`clock_timestamp() - ${olderThanMs}::double precision * interval '1 millisecond'`,
    )
    .execute()
  return rows.map(({ id }) => id)
}

/** What would miss the medium: messages that may still go out, and saved templates. */
export async function countUses(
  trx: Trx,
  userId: string,
  id: string,
): Promise<{ campaigns: number; templates: number }> {
  const named = JSON.stringify([{ mediaId: id }])
  const { rows } = await sql<{ campaigns: number; templates: number }>`
    select
      (select count(*) from campaigns c where c.user_id = ${userId} and c.deleted_at is null
        and c.status in ('draft', 'scheduled', 'running', 'paused') and c.messages @> ${named}::jsonb) as campaigns,
      (select count(*) from message_templates t where t.user_id = ${userId} and t.messages @> ${named}::jsonb) as templates
  `.execute(trx)
  return rows[0] ?? { campaigns: 0, templates: 0 }
}
