import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Proof, SignInBody } from '#contract/auth.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { SignedInUser } from '#server/lib/http.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { KnownDevices } from './knownDevices.ts'
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
  return openFor(deps, request, await prove(deps, request, body))
}

/** Opens a session for somebody who has proved who they are. */
export async function openFor(
  { db, audit, sessions, devices }: SignInDeps,
  request: FastifyRequest,
  { id, name, email, role }: Omit<SignedInUser, 'via' | 'sessionId'>,
): Promise<SignedIn> {
  const cookies = await transaction(db, async (trx) => {
    await audit.logEvent(trx, { userId: id, address: request.ip, action: 'sign-in' })
    return [await sessions.open(trx, request, id), await devices.remember(trx, request, id)]
  })
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
): Promise<void> {
  await prove(deps, request, { email: user.email, password: currentPassword, code })
}

async function prove(deps: SignInDeps, request: FastifyRequest, body: SignInBody): Promise<Credentials> {
  const { db } = deps
  await takeSignInTurn(deps, request, body.email)
  const user = await findCredentials(db, body.email)
  const verdict = await verifyPassword(user?.passwordHash ?? null, body.password)
  if (user === null || verdict === 'wrong' || user.isDisabled) {
    return refuse(deps, request, user, new AppError('INVALID_CREDENTIALS'))
  }
  if (!(await provesSecondFactor(deps, user.id, body.code))) {
    return refuse(deps, request, user, new AppError('SECOND_FACTOR_REJECTED'))
  }
  if (verdict === 'outdated') await hashAgain(db, user, body.password)
  return user
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

async function provesSecondFactor({ db, box }: SignInDeps, userId: string, code: string | undefined): Promise<boolean> {
  if (!(await secondFactorStateOf(db, userId)).on) return true
  if (code === undefined) throw new AppError('SECOND_FACTOR_REQUIRED')
  await takeCodeTurn(db, userId)
  return (await transaction(db, (trx) => useSecondFactor(trx, box, userId, code))) !== 'rejected'
}

/** Only if nobody has changed the password meanwhile. */
async function hashAgain(db: Db, user: Credentials, password: string): Promise<void> {
  const passwordHash = await hashPassword(password)
  await db
    .updateTable('users')
    .set({ password_hash: passwordHash, updated_at: sql`clock_timestamp()` })
    .where('id', '=', user.id)
    .where('password_hash', '=', user.passwordHash)
    .execute()
}
