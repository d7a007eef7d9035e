import type { Role, SetupBody } from '#contract/auth.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { refuseWeakPassword } from './passwordRules.ts'
import { hashPassword } from './passwords.ts'
import { hasUsers, insertUser, lockSetup } from './userQueries.ts'

/**
 * Makes the first administrator and returns the id. Of several at once exactly one succeeds.
 * Throws SETUP_DONE when there is a user already, PASSWORD_TOO_WEAK.
 */
export async function createFirstAdmin(
  db: Db,
  audit: AuditLogger,
  body: SetupBody,
  address: string | null,
): Promise<string> {
  // Asked before hashing too: a hash costs 100 ms and 16 MB, and this route is open to everyone.
  if (await hasUsers(db)) throw new AppError('SETUP_DONE')
  await refuseWeakPassword(body.password, body)
  const passwordHash = await hashPassword(body.password)
  return transaction(db, async (trx) => {
    await lockSetup(trx)
    if (await hasUsers(trx)) throw new AppError('SETUP_DONE')
    const { name, email } = body
    const id = await insertUser(trx, { name, email, passwordHash, role: 'admin' })
    await audit.logEvent(trx, { userId: id, address, action: 'setup' })
    return id
  })
}

/** Makes a user of any role, for scripts and tests: no rules for the password. Throws NAME_TAKEN. */
export async function createUser(db: Db, { password, ...user }: SetupBody & { role: Role }): Promise<string> {
  const passwordHash = await hashPassword(password)
  return transaction(db, (trx) => insertUser(trx, { ...user, passwordHash }))
}
