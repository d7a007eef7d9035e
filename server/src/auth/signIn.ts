import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Proof, SignInBody } from '#contract/auth.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { SignedInUser } from '#server/lib/http.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { KnownDevices } from './knownDevices.ts'
import { stillHolds, type Proven } from './proofs.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { secondFactorStateOf, useSecondFactor } from './secondFactor.ts'
import { Sessions } from './sessions.ts'
import { takeCodeTurn, takeSignInTurn } from './signInLimits.ts'
import { findCredentials, type Credentials } from './userQueries.ts'

export type SignInDeps = {
  db: Db
  box: SecretBox
  audit: AuditLogger
  sessions: Sessions
  devices: KnownDevices
  /** Attempts in any 60 s, per account and per address. */
  signInLimit: number
}

/** What sign-in needs, from the product's settings. */
export function signInDeps(
  { db, box, audit }: Pick<SignInDeps, 'db' | 'box' | 'audit'>,
  settings: { publicUrl: string | null; sessionIdleHours: number; sessionDays: number; signInLimit: number },
): SignInDeps {
  const { publicUrl, sessionIdleHours: idleHours, sessionDays: days, signInLimit } = settings
  const sessions = new Sessions({ db, idleHours, days, publicUrl })
  return { db, box, audit, sessions, devices: new KnownDevices(publicUrl), signInLimit }
}

/** Cookies are complete `Set-Cookie` values, one header each. */
export type SignedIn = { user: SignedInUser; cookies: string[] }

/**
 * Password, and the second factor where there is one, in one request: a half-open sign-in does not exist. Opens a new
 * session and ends the one the browser held. Unknown user, wrong password and disabled user are the same
 * INVALID_CREDENTIALS after the same work. Throws SECOND_FACTOR_REQUIRED, SECOND_FACTOR_REJECTED, RATE_LIMIT.
 */
export async function signIn(deps: SignInDeps, request: FastifyRequest, body: SignInBody): Promise<SignedIn> {
  const proven = await prove(deps, request, body)
  const signedIn = await transaction(deps.db, async (trx) =>
    (await stillHolds(trx, proven)) ? open(trx, deps, request, proven.user) : null,
  )
  return signedIn ?? refuse(deps, request, proven.user, new AppError('INVALID_CREDENTIALS'))
}

/** Opens a session for the first administrator, just made. */
export async function openFirst(deps: SignInDeps, request: FastifyRequest, user: Person): Promise<SignedIn> {
  return transaction(deps.db, (trx) => open(trx, deps, request, user))
}

type Person = Omit<SignedInUser, 'via' | 'sessionId'>

async function open(
  trx: Trx,
  { audit, sessions, devices }: SignInDeps,
  request: FastifyRequest,
  { id, name, email, role }: Person,
): Promise<SignedIn> {
  await audit.logEvent(trx, { userId: id, address: request.ip, action: 'sign-in' })
  const cookies = [await sessions.open(trx, request, id), await devices.remember(trx, request, id)]
  return { user: { id, name, email, role, via: 'session', sessionId: null }, cookies }
}

/**
 * Before a change of credentials: whoever holds the session must show again that they are the user, under the limits
 * of a sign-in. Throws what `signIn` throws, and FORBIDDEN for API keys.
 */
export async function proveAgain(
  deps: SignInDeps,
  request: FastifyRequest,
  user: SignedInUser,
  { currentPassword, code }: Proof,
): Promise<Proven> {
  return prove(deps, request, { email: user.email, password: currentPassword, code })
}

async function prove(deps: SignInDeps, request: FastifyRequest, body: SignInBody): Promise<Proven> {
  await takeSignInTurn(deps, request, body.email)
  const { user, isRight } = await checkPassword(deps.db, body)
  if (user === null || !isRight || user.isDisabled) {
    return refuse(deps, request, user, new AppError('INVALID_CREDENTIALS'))
  }
  const { on: secondFactor } = await secondFactorStateOf(deps.db, user.id)
  if (secondFactor) await proveSecondFactor(deps, request, user, body.code)
  return { user, secondFactor }
}

/** Disabled or not; a hash of the first releases is renewed. */
async function checkPassword(db: Db, body: SignInBody): Promise<{ user: Credentials | null; isRight: boolean }> {
  const user = await findCredentials(db, body.email)
  const verdict = await verifyPassword(user?.passwordHash ?? null, body.password)
  if (user === null || user.isDisabled || verdict !== 'outdated') return { user, isRight: verdict !== 'wrong' }
  const passwordHash = await hashAgain(db, user, body.password)
  // Somebody else was faster: another sign-in with the same password, or a change of it.
  return passwordHash === null ? checkPassword(db, body) : { user: { ...user, passwordHash }, isRight: true }
}

/** What was typed as an e-mail is not written down: now and then it is a password. */
async function refuse(
  { db, audit }: SignInDeps,
  request: FastifyRequest,
  user: Credentials | null,
  error: AppError,
): Promise<never> {
  await audit.logEvent(db, {
    userId: null,
    ownerId: user?.id ?? null,
    address: request.ip,
    action: 'sign-in-refused',
    details: { reason: error.code },
  })
  throw error
}

/** A right password without a code is written down too: somebody else may have it. */
async function proveSecondFactor(
  deps: SignInDeps,
  request: FastifyRequest,
  user: Credentials,
  code: string | undefined,
): Promise<void> {
  if (code === undefined) return refuse(deps, request, user, new AppError('SECOND_FACTOR_REQUIRED'))
  await takeCodeTurn(deps, request, user, code)
  const outcome = await transaction(deps.db, (trx) => useSecondFactor(trx, deps.box, user.id, code))
  if (outcome === 'rejected') await refuse(deps, request, user, new AppError('SECOND_FACTOR_REJECTED'))
}

/** The new hash; null when somebody has changed the password meanwhile. */
async function hashAgain(db: Db, user: Credentials, password: string): Promise<string | null> {
  const passwordHash = await hashPassword(password)
  const renewed = await db
    .updateTable('users')
    .set({ password_hash: passwordHash, updated_at: sql`clock_timestamp()` })
    .where('id', '=', user.id)
    .where('password_hash', '=', user.passwordHash)
    .returning('id')
    .executeTakeFirst()
  return renewed === undefined ? null : passwordHash
}
