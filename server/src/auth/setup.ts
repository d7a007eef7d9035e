import { hashPassword } from 'better-auth/crypto'
import type { SetupBody } from '#contract/auth.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { hasUsers, insertUser, lockSetup } from './userQueries.ts'

/**
 * Makes the first administrator and returns the id. Of several at once exactly one succeeds.
 * Throws SETUP_DONE when there is a user already.
 */
export async function createFirstAdmin(db: Db, { name, email, password }: SetupBody): Promise<string> {
  // Asked before hashing too: a hash costs 50 ms and 32 MB, and this route is open to everyone.
  if (await hasUsers(db)) throw new AppError('SETUP_DONE')
  const passwordHash = await hashPassword(password)
  return transaction(db, async (trx) => {
    await lockSetup(trx)
    if (await hasUsers(trx)) throw new AppError('SETUP_DONE')
    return insertUser(trx, { name, email, passwordHash, role: 'admin' })
  })
}

/** Makes another administrator, for scripts and tests. Throws NAME_TAKEN when the e-mail is in use. */
export async function createAdmin(db: Db, { name, email, password }: SetupBody): Promise<string> {
  return createUser(db, { name, email, password, role: 'admin' })
}

/** Makes a user of any role. Throws NAME_TAKEN when the e-mail is in use. */
export async function createUser(db: Db, user: SetupBody & { role: 'admin' | 'user' }): Promise<string> {
  const { name, email, role } = user
  const passwordHash = await hashPassword(user.password)
  try {
    return await transaction(db, (trx) => insertUser(trx, { name, email, passwordHash, role }))
  } catch (error) {
    if (error instanceof Error && 'constraint' in error && error.constraint === 'users_email_key') {
      throw new AppError('NAME_TAKEN', { cause: error })
    }
    throw error
  }
}
