import { sql } from 'kysely'
import type { Role } from '#contract/auth.ts'
import type { Db, Trx } from '#server/db/Database.ts'

export type NewUser = { name: string; email: string; passwordHash: string; role: Role }

export async function hasUsers(db: Db | Trx): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined
}

/** Holds back every other first administrator until this transaction ends. */
export async function lockSetup(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('revoada first administrator'))`.execute(trx)
}

/** A user who signs in with e-mail and password, as better-auth keeps them. Returns the id. */
export async function insertUser(trx: Trx, { name, email, passwordHash, role }: NewUser): Promise<string> {
  const { id } = await trx
    .insertInto('users')
    .values({ name, email: email.toLowerCase(), email_verified: false, role })
    .returning('id')
    .executeTakeFirstOrThrow()
  await trx
    .insertInto('accounts')
    .values({ account_id: id, provider_id: 'credential', user_id: id, password: passwordHash, updated_at: new Date() })
    .execute()
  return id
}
