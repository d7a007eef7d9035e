import { sql } from 'kysely'
import type { AccountAction } from '#contract/audit.ts'
import type { ColumnMapping } from '#contract/imports.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { forget, type Remember } from '#server/auth/idempotencyKeys.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import { transaction } from '#server/db/transaction.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import { toContract } from './importAnswers.ts'
import type { ImportRow } from './importLeases.ts'

/** How long an upload may be silent before it counts as broken off. */
const UPLOAD_LEASE_SECONDS = 120
/** How long a whole upload waits for somebody to say how it is to be read. */
const PREVIEW_LEASE_SECONDS = 24 * 3600
/** Rows deleted in one statement; millions at once would exceed the time a query may take. */
const DELETED_AT_ONCE = 10_000

/** Opens an import whose bytes are on their way. */
export async function openImport(db: Db, userId: string, fileName: string, defaultCountry: string): Promise<ImportRow> {
  return db
    .insertInto('contact_imports')
    .values({
      user_id: userId,
      file_name: fileName,
      default_country: defaultCountry,
      lease_expires_at: leaseFor(UPLOAD_LEASE_SECONDS),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Notes that bytes arrived. False when the import was cancelled meanwhile. */
export async function noteUploaded(db: Db, userId: string, id: string, bytesTotal: number): Promise<boolean> {
  const { numUpdatedRows } = await uploading(db, userId, id)
    .set({ bytes_total: bytesTotal, lease_expires_at: leaseFor(UPLOAD_LEASE_SECONDS) })
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/**
 * The upload is whole: from now on any process may import it, or with `preview` it waits to be committed. Undefined when
 * it was cancelled meanwhile.
 */
export async function queueImport(
  db: Db,
  actor: Actor,
  id: string,
  { defaultCountry, preview }: { defaultCountry: string; preview: boolean },
  remember: Remember = forget,
): Promise<ImportRow | undefined> {
  return transaction(db, async (trx) => {
    const row = await uploading(trx, actor.ownerId, id)
      .set({
        status: preview ? 'preview' : 'running',
        default_country: defaultCountry,
        lease_owner: null,
        lease_expires_at: preview ? leaseFor(PREVIEW_LEASE_SECONDS) : null,
      })
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) return undefined
    await noteImport(trx, actor, preview ? 'import-upload' : 'import-create', row)
    await remember(trx, toContract(row))
    return row
  })
}

/** An upload that waited goes on as was said. Undefined when it does not wait any more. */
export async function startImport(
  trx: Trx,
  actor: Actor,
  id: string,
  choice: { defaultCountry: string; sheet: string | null; mapping: ColumnMapping },
): Promise<ImportRow | undefined> {
  const row = await trx
    .updateTable('contact_imports')
    .set({
      status: 'running',
      default_country: choice.defaultCountry,
      sheet: choice.sheet,
      mapping: JSON.stringify(choice.mapping),
      lease_expires_at: null,
    })
    .where('user_id', '=', actor.ownerId)
    .where('id', '=', id)
    .where('status', '=', 'preview')
    .returningAll()
    .executeTakeFirst()
  if (row !== undefined) await noteImport(trx, actor, 'import-create', row)
  return row
}

/** Forgets an upload that did not arrive whole. */
export async function dropUpload(db: Db, userId: string, id: string): Promise<void> {
  await db
    .deleteFrom('contact_imports')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('status', '=', 'uploading')
    .execute()
}

function uploading(db: Db | Trx, userId: string, id: string) {
  return db
    .updateTable('contact_imports')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('status', '=', 'uploading')
}

function leaseFor(seconds: number) {
  return sql<Date>`clock_timestamp() + make_interval(secs => ${seconds})`
}

export async function findImport(db: Db, userId: string, id: string): Promise<ImportRow | undefined> {
  const [found] = await findImports(db, userId, [id])
  return found
}

/** Those of `ids` that are this user's imports, in no order. */
export async function findImports(db: Db | Trx, userId: string, ids: string[]): Promise<ImportRow[]> {
  if (ids.length === 0) return []
  return db.selectFrom('contact_imports').selectAll().where('user_id', '=', userId).where('id', 'in', ids).execute()
}

/** `cursorAt`: created_at with its microseconds, which a JS date loses. */
export type ImportListRow = ImportRow & { cursorAt: string }

/** Newest first, from before `before`. */
export async function listImports(
  db: Db,
  userId: string,
  options: { limit: number; before: ListCursor | null },
): Promise<ImportListRow[]> {
  return db
    .selectFrom('contact_imports')
    .selectAll()
    .select(cursorAt())
    .where('user_id', '=', userId)
    .where(isOlder(options.before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute()
}

/** Stops an import that has not ended; what was imported stays. False when there is nothing to stop. */
export async function cancelImport(db: Db, actor: Actor, { user_id: userId, id }: ImportRow): Promise<boolean> {
  return transaction(db, async (trx) => {
    const row = await trx
      .updateTable('contact_imports')
      .set({ status: 'cancelled', finished_at: sql<Date>`now()`, lease_owner: null, lease_expires_at: null })
      .where('user_id', '=', userId)
      .where('id', '=', id)
      .where('status', 'in', ['uploading', 'preview', 'running'])
      .returning(['user_id', 'id', 'file_name'])
      .executeTakeFirst()
    if (row !== undefined) await noteImport(trx, actor, 'import-cancel', row)
    return row !== undefined
  })
}

/** Whether a campaign is still reading its audience from the import. Read-only look at what `campaigns` owns. */
export async function isBeingExpanded(db: Db | Trx, userId: string, id: string): Promise<boolean> {
  const found = await db
    .selectFrom('campaign_sources as s')
    .innerJoin('campaigns as c', (join) =>
      join.onRef('c.user_id', '=', 's.user_id').onRef('c.id', '=', 's.campaign_id'),
    )
    .select('c.id')
    .where('s.user_id', '=', userId)
    .where('s.import_id', '=', id)
    .where('c.preparing', '=', true)
    .where('c.status', 'not in', ['cancelled', 'failed'])
    .executeTakeFirst()
  return found !== undefined
}

/** Removes an import that has ended, with its membership and reports; the contacts stay. Repeatable after a failure. */
export async function removeImport(db: Db, actor: Actor, row: ImportRow): Promise<void> {
  const { user_id: userId, id } = row
  await removeRows(db, 'import_contacts', 'contact_id', userId, id)
  await removeRows(db, 'import_rejections', 'line', userId, id)
  await removeRows(db, 'import_warnings', 'line', userId, id)
  await transaction(db, async (trx) => {
    await trx.deleteFrom('contact_imports').where('user_id', '=', userId).where('id', '=', id).execute()
    await noteImport(trx, actor, 'import-delete', row)
  })
}

type Noted = Pick<ImportRow, 'user_id' | 'id' | 'file_name'>

type ImportAction = Extract<AccountAction, `import-${string}`>

/** In the trail: which file, never who stands in it. */
export async function noteImport(
  trx: Trx,
  actor: Actor,
  action: ImportAction,
  { user_id: ownerId, id, file_name: fileName }: Noted,
): Promise<void> {
  await new AuditLogger().logEvent(trx, { ...doneBy(actor), ownerId, action, target: id, details: { fileName } })
}

async function removeRows(db: Db, table: string, key: string, userId: string, importId: string): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where user_id = ${userId} and import_id = ${importId} and ${sql.ref(key)} in (
        select ${sql.ref(key)} from ${sql.table(table)} where user_id = ${userId} and import_id = ${importId} limit ${DELETED_AT_ONCE}
      )
    `.execute(db)
    if (numAffectedRows === 0n) return
  }
}
