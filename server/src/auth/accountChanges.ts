import type { FastifyRequest } from 'fastify'
import type { SecondFactorOffer } from '#contract/auth.ts'
import { transaction } from '#server/db/transaction.ts'
import { actorOf, doneBy, type SignedInUser } from '#server/lib/http.ts'
import { refuseWeakPassword } from './passwordRules.ts'
import { hashPassword } from './passwords.ts'
import { requireStill, type Proven } from './proofs.ts'
import { confirmSecondFactor, offerSecondFactor, removeSecondFactor } from './secondFactor.ts'
import { endSession, endSessions } from './sessions.ts'
import type { SignInDeps } from './signIn.ts'
import { takeCodeTurn } from './signInLimits.ts'
import { updateUser } from './userQueries.ts'

/** Who changes their own account, by which request. */
export type Caller = { request: FastifyRequest; user: SignedInUser }
/** And has shown again who they are. */
export type ProvenCaller = Caller & { proven: Proven }

/**
 * Sets a new password, ends every session of the user and opens a new one for this browser. Returns its cookie.
 * Throws PASSWORD_TOO_WEAK.
 */
export async function changePassword(
  deps: SignInDeps,
  { request, user, proven }: ProvenCaller,
  password: string,
): Promise<string> {
  const { db, audit, sessions } = deps
  await refuseWeakPassword(password, user)
  const passwordHash = await hashPassword(password)
  return transaction(db, async (trx) => {
    await requireStill(trx, user, proven)
    await updateUser(trx, user.id, { password_hash: passwordHash })
    await endSessions(trx, user.id)
    await audit.logEvent(trx, { ...doneBy(actorOf(request)), action: 'password-change' })
    return sessions.open(trx, request, user.id)
  })
}

/** Ends every other session, as a change of password does. Throws NAME_TAKEN when somebody has the address. */
export async function changeEmail(
  deps: SignInDeps,
  { request, user, proven }: ProvenCaller,
  email: string,
): Promise<void> {
  const { db, audit } = deps
  await transaction(db, async (trx) => {
    await requireStill(trx, user, proven)
    await updateUser(trx, user.id, { email: email.toLowerCase() })
    await endSessions(trx, user.id, user.sessionId)
    const details = { email: { from: user.email, to: email.toLowerCase() } }
    await audit.logEvent(trx, { ...doneBy(actorOf(request)), action: 'user-edit', target: user.id, details })
  })
}

/** Throws SECOND_FACTOR_STATE when one is on. */
export function beginSecondFactor(
  { db, box, audit }: SignInDeps,
  { request, user, proven }: ProvenCaller,
): Promise<SecondFactorOffer> {
  return transaction(db, async (trx) => {
    await requireStill(trx, user, proven)
    const offer = await offerSecondFactor(trx, box, user)
    await audit.logEvent(trx, { ...doneBy(actorOf(request)), action: 'second-factor-offer' })
    return offer
  })
}

/** Returns the backup codes. Every other session is ended: it was opened without the second factor. */
export async function turnSecondFactorOn(deps: SignInDeps, { request, user }: Caller, code: string): Promise<string[]> {
  const { db, box, audit } = deps
  await takeCodeTurn(deps, request, user, code)
  return transaction(db, async (trx) => {
    await requireStill(trx, user, null)
    const codes = await confirmSecondFactor(trx, box, user.id, code)
    await endSessions(trx, user.id, user.sessionId)
    await audit.logEvent(trx, { ...doneBy(actorOf(request)), action: 'second-factor-on' })
    return codes
  })
}

/** Fine when it is off already. */
export async function turnSecondFactorOff(
  { db, audit }: SignInDeps,
  { request, user, proven }: ProvenCaller,
): Promise<void> {
  await transaction(db, async (trx) => {
    await requireStill(trx, user, proven)
    if (!(await removeSecondFactor(trx, user.id))) return
    await audit.logEvent(trx, { ...doneBy(actorOf(request)), action: 'second-factor-off' })
  })
}

/** Throws NOT_FOUND for someone else's session. */
export async function endOwnSession({ db, audit }: SignInDeps, { request, user }: Caller, id: string): Promise<void> {
  await transaction(db, async (trx) => {
    await endSession(trx, user.id, id)
    await audit.logEvent(trx, { ...doneBy(actorOf(request)), action: 'session-revoke', target: id })
  })
}

/** All but the one of this request. */
export async function endOtherSessions({ db, audit }: SignInDeps, { request, user }: Caller): Promise<void> {
  await transaction(db, async (trx) => {
    const ended = await endSessions(trx, user.id, user.sessionId)
    if (ended === 0) return
    await audit.logEvent(trx, { ...doneBy(actorOf(request)), action: 'session-revoke', details: { ended } })
  })
}
