import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'

/*
 * Erasing a person reads everything that an account has, and must not miss what another transaction is just storing.
 * Whoever stores people takes the lock shared before looking whether one of them was erased; whoever erases takes it
 * alone. Held until the transaction ends.
 */

export async function lockToStorePeople(trx: Trx, userId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended(${`people ${userId}`}, 0))`.execute(trx)
}

export async function lockToErasePerson(trx: Trx, userId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`people ${userId}`}, 0))`.execute(trx)
}
