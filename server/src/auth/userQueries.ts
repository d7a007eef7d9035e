import { sql, type UpdateObject } from 'kysely'
import type { Role } from '#contract/auth.ts'
import type { Database, Db, Trx } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'

export type NewUser = { name: string; email: string; passwordHash: string; role: Role }

export type Credentials = {
  id: string
  name: string
  email: string
  role: Role
  passwordHash: string | null
  isDisabled: boolean
}

export async function hasUsers(db: Db | Trx): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined
}

/** Holds back every other first administrator until this transaction ends. */
export async function lockSetup(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('revoada first administrator'))`.execute(trx)
}

/** How the user of this e-mail signs in; null when there is none. */
export async function findCredentials(db: Db | Trx, email: string): Promise<Credentials | null> {
  const row = await db
    .selectFrom('users')
    .select(['id', 'name', 'email', 'role', 'password_hash as passwordHash', 'disabled_at'])
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst()
  if (row === undefined) return null
  const { disabled_at, ...user } = row
  return { ...user, isDisabled: disabled_at !== null }
}

/** Writes new columns of a user. Throws NOT_FOUND, and NAME_TAKEN when somebody else has the e-mail. */
export async function updateUser(trx: Trx, id: string, columns: UserChange): Promise<void> {
  const change = { ...columns, updated_at: sql<Date>`clock_timestamp()` }
  const query = trx.updateTable('users').set(change).where('id', '=', id).returning('id')
  const changed = await query.executeTakeFirst().catch(nameEmailTaken)
  if (changed === undefined) throw new AppError('NOT_FOUND')
}

export type UserChange = Omit<UpdateObject<Database, 'users'>, 'id' | 'created_at' | 'updated_at'>

function nameEmailTaken(error: unknown): never {
  const isTaken = error instanceof Error && 'constraint' in error && error.constraint === 'users_email_key'
  throw isTaken ? new AppError('NAME_TAKEN', { cause: error }) : error
}

/** A user who signs in with e-mail and password. Returns the id. Throws NAME_TAKEN when the e-mail is in use. */
export async function insertUser(trx: Trx, { name, email, passwordHash, role }: NewUser): Promise<string> {
  const made = await trx
    .insertInto('users')
    .values({ name, email: email.toLowerCase(), role, password_hash: passwordHash })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made === undefined) throw new AppError('NAME_TAKEN')
  return made.id
}
