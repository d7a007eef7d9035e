import { sql } from 'kysely'
import type { AccountAction } from '#contract/audit.ts'
import type { AdminUser, ChangeUserBody, CreateUserBody, Role } from '#contract/auth.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { onePage } from '#server/lib/listCursor.ts'
import { forget, type Remember } from './idempotencyKeys.ts'
import { refuseWeakPassword } from './passwordRules.ts'
import { hashPassword } from './passwords.ts'
import { removeSecondFactor } from './secondFactor.ts'
import { endSessions } from './sessions.ts'
import { insertUser, updateUser } from './userQueries.ts'

export type AdminUsersDeps = { db: Db; audit: AuditLogger }

const PAGE = 50

/** All users, the newest first; `cursor` is the id of the last one seen. */
export async function listUsers(
  db: Db,
  { limit = PAGE, cursor }: { limit?: number; cursor?: string },
): Promise<{ items: AdminUser[]; nextCursor: string | null }> {
  const rows = await usersQuery(db)
    .$if(cursor !== undefined, (query) =>
      query.where(sql<boolean>`(u.created_at, u.id) < (select c.created_at, c.id from users c where c.id = ${cursor})`),
    )
    .orderBy('u.created_at', 'desc')
    .orderBy('u.id', 'desc')
    .limit(limit + 1)
    .execute()
  return onePage(rows, limit, { itemOf: toAdminUser, cursorOf: ({ id }) => id })
}

/** Throws NAME_TAKEN, PASSWORD_TOO_WEAK. */
export async function addUser(
  { db, audit }: AdminUsersDeps,
  actor: Actor,
  body: CreateUserBody,
  remember: Remember = forget,
): Promise<AdminUser> {
  await refuseWeakPassword(body.password, body)
  const passwordHash = await hashPassword(body.password)
  return transaction(db, async (trx) => {
    const { name, email, role } = body
    const id = await insertUser(trx, { name, email, role, passwordHash })
    const details = { email: email.toLowerCase(), role }
    await audit.logEvent(trx, { ...doneBy(actor), action: 'user-create', ownerId: id, target: id, details })
    const user = await findUser(trx, id)
    await remember(trx, user)
    return user
  })
}

/**
 * Changes what is named. Another role, another password, and being disabled end every session of the user; API keys
 * follow the role, and are dead while the user is disabled. Throws NOT_FOUND, LAST_ADMIN, PASSWORD_TOO_WEAK, and
 * UNPROCESSABLE for the own password or second factor: a borrowed session must not get around the present password.
 */
export async function changeUser(
  { db, audit }: AdminUsersDeps,
  actor: Actor,
  id: string,
  change: ChangeUserBody,
): Promise<AdminUser> {
  if (id === actor.userId) refuseOwnCredentials(change)
  const passwordHash = change.password === undefined ? null : await newPasswordHash(db, id, change.password)
  return transaction(db, async (trx) => {
    await lockAdministrators(trx)
    const before = await findUser(trx, id)
    await updateUser(trx, id, columnsOf(change, passwordHash))
    if (change.secondFactor === false) await removeSecondFactor(trx, id)
    const after = await findUser(trx, id)
    if (isAdmin(before) && !isAdmin(after)) await refuseWithoutAdmin(trx)
    const actions = actionsOf(before, after, change)
    if (actions.some(({ endsSessions }) => endsSessions)) await endSessions(trx, id)
    for (const { action, details } of actions) {
      await audit.logEvent(trx, { ...doneBy(actor), action, ownerId: id, target: id, details })
    }
    return after
  })
}

function refuseOwnCredentials({ password, secondFactor }: ChangeUserBody): void {
  const details = [
    ...(password === undefined ? [] : [{ field: 'password', message: 'is your own: use POST /api/user/password' }]),
    ...(secondFactor === undefined
      ? []
      : [{ field: 'secondFactor', message: 'is your own: use POST /api/user/second-factor/off' }]),
  ]
  if (details.length > 0) throw new AppError('UNPROCESSABLE', { details })
}

/** Throws NOT_FOUND, LAST_ADMIN, and USER_IN_USE when the account has rows that count: then disabling is the way. */
export async function deleteUser({ db, audit }: AdminUsersDeps, actor: Actor, id: string): Promise<void> {
  await transaction(db, async (trx) => {
    await lockAdministrators(trx)
    const user = await findUser(trx, id)
    const contact = await trx.selectFrom('contacts').select('id').where('user_id', '=', id).limit(1).executeTakeFirst()
    if (contact !== undefined) throw new AppError('USER_IN_USE')
    await trx.deleteFrom('users').where('id', '=', id).execute().catch(nameRowsInTheWay)
    if (isAdmin(user)) await refuseWithoutAdmin(trx)
    const details = { email: user.email, role: user.role }
    await audit.logEvent(trx, { ...doneBy(actor), action: 'user-delete', ownerId: id, target: id, details })
  })
}

/** Two administrators who remove each other at the same moment take turns: the second finds who is left. */
async function lockAdministrators(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('revoada administrators'))`.execute(trx)
}

async function refuseWithoutAdmin(trx: Trx): Promise<void> {
  const left = await trx
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (left === undefined) throw new AppError('LAST_ADMIN')
}

async function newPasswordHash(db: Db, id: string, password: string): Promise<string> {
  await refuseWeakPassword(password, await findUser(db, id))
  return hashPassword(password)
}

function columnsOf(change: ChangeUserBody, passwordHash: string | null) {
  const { name, role, disabled } = change
  return {
    ...(name === undefined ? {} : { name }),
    ...(role === undefined ? {} : { role }),
    ...(disabled === undefined ? {} : { disabled_at: disabled ? firstDisabledAt : null }),
    ...(passwordHash === null ? {} : { password_hash: passwordHash }),
  }
}

const firstDisabledAt = sql<Date>`coalesce(disabled_at, clock_timestamp())`

type Change = { action: AccountAction; details?: Record<string, unknown>; endsSessions: boolean }

function actionsOf(before: AdminUser, after: AdminUser, change: ChangeUserBody): Change[] {
  const actions: Change[] = []
  const add = (happened: boolean, action: AccountAction, endsSessions: boolean, details?: Record<string, unknown>) => {
    if (happened) actions.push({ action, endsSessions, ...(details === undefined ? {} : { details }) })
  }
  const wasDisabled = before.disabledAt !== null
  const isDisabled = after.disabledAt !== null
  add(before.name !== after.name, 'user-edit', false, { name: { from: before.name, to: after.name } })
  add(before.role !== after.role, 'role-change', true, { role: { from: before.role, to: after.role } })
  add(!wasDisabled && isDisabled, 'user-disable', true)
  add(wasDisabled && !isDisabled, 'user-enable', false)
  add(change.password !== undefined, 'password-change', true)
  add(before.secondFactor && !after.secondFactor, 'second-factor-off', true)
  return actions
}

function isAdmin({ role, disabledAt }: { role: Role; disabledAt: string | null }): boolean {
  return role === 'admin' && disabledAt === null
}

const FOREIGN_KEY_VIOLATION = '23503'

function nameRowsInTheWay(error: unknown): never {
  const isInUse = error instanceof Error && 'code' in error && error.code === FOREIGN_KEY_VIOLATION
  throw isInUse ? new AppError('USER_IN_USE', { cause: error }) : error
}

async function findUser(db: Db | Trx, id: string): Promise<AdminUser> {
  const row = await usersQuery(db).where('u.id', '=', id).executeTakeFirst()
  if (row === undefined) throw new AppError('NOT_FOUND')
  return toAdminUser(row)
}

function usersQuery(db: Db | Trx) {
  return db
    .selectFrom('users as u')
    .leftJoin('second_factors as f', 'f.user_id', 'u.id')
    .select(['u.id', 'u.name', 'u.email', 'u.role', 'u.disabled_at', 'u.created_at', 'f.confirmed_at'])
}

type UserFound = Awaited<ReturnType<ReturnType<typeof usersQuery>['executeTakeFirstOrThrow']>>

function toAdminUser({ disabled_at, created_at, confirmed_at, ...user }: UserFound): AdminUser {
  return {
    ...user,
    disabledAt: disabled_at?.toISOString() ?? null,
    secondFactor: confirmed_at !== null,
    createdAt: created_at.toISOString(),
  }
}
