import { sql } from 'kysely'
import type { SuppressionReason } from '#contract/suppressions.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import type { SuppressionRow } from './suppressionTables.ts'

export type NewSuppression = { phone: string; hash: Buffer }

/**
 * Puts people on the list; whoever is on it stays as they are. Returns how many are new. The version rises with it, so
 * that whoever sends looks again.
 */
export async function insertSuppressions(
  trx: Trx,
  userId: string,
  people: NewSuppression[],
  why: { reason: SuppressionReason; source: 'api' | 'erasure'; note: string | null },
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    insert into suppressions (user_id, phone_hash, phone, reason, source, note)
    select ${userId}, decode(hash, 'hex'), phone, ${why.reason}, ${why.source}, ${why.note}
    from unnest(
      ${people.map(({ phone }) => phone)}::text[], ${people.map(({ hash }) => hash.toString('hex'))}::text[]
    ) as p(phone, hash)
    -- One order for all, so that two who add the same people wait instead of deadlocking.
    order by hash
    -- Whichever of the unique indexes it meets first: hash and phone are of one person.
    on conflict do nothing
  `.execute(trx)
  if (numAffectedRows > 0n) await raiseVersion(trx, userId)
  return Number(numAffectedRows)
}

export async function deleteSuppression(trx: Trx, userId: string, id: string): Promise<void> {
  await trx.deleteFrom('suppressions').where('user_id', '=', userId).where('id', '=', id).execute()
  await raiseVersion(trx, userId)
}

/**
 * From now on the person is known by the hash alone, also where somebody has taken them off the list meanwhile: then
 * they are put back, as `id`. Returns the id of their row.
 */
export async function keepHashAlone(trx: Trx, userId: string, person: { id: string; hash: Buffer }): Promise<string> {
  const erased = { phone: null, note: null, reason: 'erased', source: 'erasure' } as const
  const row = await trx
    .insertInto('suppressions')
    .values({ user_id: userId, id: person.id, phone_hash: person.hash, ...erased })
    .onConflict((conflict) => conflict.columns(['user_id', 'phone_hash']).doUpdateSet(erased))
    .returning('id')
    .executeTakeFirstOrThrow()
  await raiseVersion(trx, userId)
  return row.id
}

async function raiseVersion(trx: Trx, userId: string): Promise<void> {
  await sql`
    insert into suppression_versions as v (user_id, version) values (${userId}, 1)
    on conflict (user_id) do update set version = v.version + 1
  `.execute(trx)
}

/** The same row, held until the transaction ends. */
export async function lockSuppression(trx: Trx, userId: string, id: string): Promise<SuppressionRow | undefined> {
  return trx
    .selectFrom('suppressions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** `cursorAt`: created_at with its microseconds, which a JS date loses. */
export type SuppressionListRow = SuppressionRow & { cursorAt: string }

/** Newest first, from before `before`. */
export async function listSuppressions(
  db: Db,
  userId: string,
  options: { limit: number; before: ListCursor | null },
): Promise<SuppressionListRow[]> {
  return db
    .selectFrom('suppressions')
    .selectAll()
    .select(cursorAt())
    .where('user_id', '=', userId)
    .where(isOlder(options.before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute()
}
