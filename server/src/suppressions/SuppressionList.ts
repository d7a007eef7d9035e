import { sql } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { lockToStorePeople } from './personLock.ts'
import type { SuppressionRow } from './suppressionTables.ts'

/**
 * Whom an account must not write to. People who were erased are known by a keyed hash of their number alone: whoever has
 * the database and not the key cannot try numbers against it. The hash is bound to the account, so that two accounts do
 * not learn from each other's rows that they knew one person.
 */
export class SuppressionList {
  readonly #box: SecretBox

  constructor(box: SecretBox) {
    this.#box = box
  }

  /** `phone`: E.164. */
  hashOf(userId: string, phone: string): Buffer {
    return this.#box.hash(`${userId}/${phone}`, 'suppression')
  }

  async find(db: Db | Trx, userId: string, phone: string): Promise<SuppressionRow | undefined> {
    return db
      .selectFrom('suppressions')
      .selectAll()
      .where('user_id', '=', userId)
      .where('phone_hash', '=', this.hashOf(userId, phone))
      .executeTakeFirst()
  }

  /**
   * Those of `phones` (E.164) whose people were erased and must not be stored again. Costs one look-up where nobody was,
   * and some 3 µs a phone else.
   */
  async findErased(db: Db | Trx, userId: string, phones: readonly string[]): Promise<Set<string>> {
    if (phones.length === 0 || !(await hasErased(db, userId))) return new Set()
    const byHash = new Map(phones.map((phone) => [this.hashOf(userId, phone).toString('hex'), phone]))
    const { rows } = await sql<{ hash: string }>`
      select encode(phone_hash, 'hex') as hash from suppressions
      where user_id = ${userId} and phone is null
        and phone_hash in (select decode(h, 'hex') from unnest(${[...byHash.keys()]}::text[]) as h)
    `.execute(db)
    return new Set(rows.flatMap(({ hash }) => byHash.get(hash) ?? []))
  }

  /** The same for a transaction that stores the others: nobody of them is erased before it ends. */
  async lockAndFindErased(trx: Trx, userId: string, phones: readonly string[]): Promise<Set<string>> {
    await lockToStorePeople(trx, userId)
    return this.findErased(trx, userId, phones)
  }
}

async function hasErased(db: Db | Trx, userId: string): Promise<boolean> {
  const { rows } = await sql`
    select from suppressions where user_id = ${userId} and phone is null limit 1
  `.execute(db)
  return rows.length > 0
}

/** Those of `phones` that are on the list with their number, as the people of a campaign are. */
export async function findSuppressed(db: Db, userId: string, phones: readonly string[]): Promise<Set<string>> {
  if (phones.length === 0) return new Set()
  const { rows } = await sql<{ phone: string }>`
    select p.phone from unnest(${phones}::text[]) as p(phone) where exists (
      select from suppressions s where s.user_id = ${userId} and s.phone = p.phone
    )
  `.execute(db)
  return new Set(rows.map(({ phone }) => phone))
}
