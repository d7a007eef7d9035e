import { sql, type RawBuilder } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict } from '#server/db/transaction.ts'
import { SealedError } from '#server/lib/Sealer.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'

/** So many rows are locked at once, for a few milliseconds: whoever works with them waits no longer. */
const BATCH = 100
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** A column of sealed values, as the domain that owns the table declares it for changes of SECRET_KEY. */
export type SealedColumn = {
  table: string
  /** A unique column of type uuid. */
  id: string
  column: string
  /** What the value of a row is bound to: see `Sealer`. */
  boundTo: (id: string) => string
  /** Tells a person which value cannot be opened and what to do. */
  damaged: (id: string) => string
}

type Row = { id: string; sealed: Buffer }

/**
 * Seals everything in the column anew that is not under the box's current key, in small batches; returns how many rows
 * it wrote. What somebody else writes meanwhile is left as they wrote it. Throws what `damaged` says.
 */
export async function resealColumn(db: Db, box: SecretBox, place: SealedColumn): Promise<number> {
  let written = 0
  for (let after = FIRST_ID; ;) {
    const rows = await readBatch(db, place, box.keyId, after)
    const last = rows.at(-1)
    if (last === undefined) return written
    written += await writeBatch(db, box, place, rows)
    after = last.id
  }
}

/** Rows that are sealed with another key than this one. */
export async function countOthers(db: Db | Trx, keyId: string, place: SealedColumn): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(place.table)} where ${isUnderOther(place, keyId)}
  `.execute(db)
  return rows[0]?.count ?? 0
}

/** Empty is what a deleted channel leaves. */
function isUnderOther({ column }: SealedColumn, keyId: string): RawBuilder<boolean> {
  const sealed = sql.ref(column)
  return sql<boolean>`(length(${sealed}) > 0 and substring(${sealed} from 1 for 4) <> ${Buffer.from(keyId, 'hex')})`
}

async function readBatch(db: Db, place: SealedColumn, keyId: string, after: string): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select ${sql.ref(place.id)} as id, ${sql.ref(place.column)} as sealed from ${sql.table(place.table)}
    where ${isUnderOther(place, keyId)} and ${sql.ref(place.id)} > ${after}::uuid
    order by ${sql.ref(place.id)} limit ${BATCH}
  `.execute(db)
  return rows
}

async function writeBatch(db: Db, box: SecretBox, place: SealedColumn, rows: Row[]): Promise<number> {
  const fresh = await Promise.all(rows.map((row) => resealed(box, place, row)))
  const column = sql.ref(place.column)
  const { numAffectedRows } = await retryOnConflict(() =>
    sql`
      update ${sql.table(place.table)} as t set ${column} = n.fresh
      from unnest(${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ sealed }) => sealed)}::bytea[], ${fresh}::bytea[])
        as n (n_id, former, fresh)
      where t.${sql.ref(place.id)} = n.n_id and t.${column} = n.former
    `.execute(db),
  )
  return Number(numAffectedRows ?? 0)
}

async function resealed(box: SecretBox, { boundTo, damaged }: SealedColumn, { id, sealed }: Row): Promise<Buffer> {
  try {
    return box.seal(await box.open(sealed, boundTo(id)), boundTo(id))
  } catch (error) {
    if (error instanceof SealedError) throw new Error(damaged(id), { cause: error })
    throw error
  }
}
