import type { Trx } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { SignedInUser } from '#server/lib/http.ts'
import { secondFactorStateOf } from './secondFactor.ts'
import type { Credentials } from './userQueries.ts'

/** What somebody has shown to be right, as it was then: a hash takes its time, and much can happen meanwhile. */
export type Proven = { user: Credentials; secondFactor: boolean }

/**
 * Whether what was proved would be accepted still: the same password, not disabled, the second factor on or off as
 * then. Until the transaction ends nobody else can change that.
 */
export async function stillHolds(trx: Trx, { user, secondFactor }: Proven): Promise<boolean> {
  const row = await lockUser(trx, user.id)
  if (row === undefined || row.disabled_at !== null || row.password_hash !== user.passwordHash) return false
  return (await secondFactorStateOf(trx, user.id)).on === secondFactor
}

/**
 * Before the own account is changed: the caller's session lives still, and so does what was proved, if anything had to
 * be. Changes of one account take turns from here on. Throws UNAUTHENTICATED, INVALID_CREDENTIALS.
 */
export async function requireStill(trx: Trx, user: SignedInUser, proven: Proven | null): Promise<void> {
  const row = await lockUser(trx, user.id)
  const session = await trx.selectFrom('sessions').select('id').where('id', '=', user.sessionId).executeTakeFirst()
  if (row === undefined || row.disabled_at !== null || session === undefined) throw new AppError('UNAUTHENTICATED')
  if (proven !== null && !(await stillHolds(trx, proven))) throw new AppError('INVALID_CREDENTIALS')
}

/**
 * Whoever changes how a user signs in holds this row. What else is asked must be asked after it, in a statement of its
 * own: one that had to wait here would see other tables as they were before.
 */
async function lockUser(trx: Trx, id: string) {
  return trx
    .selectFrom('users')
    .select(['password_hash', 'disabled_at'])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
}
