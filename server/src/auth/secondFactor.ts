import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { SecondFactorOffer, SecondFactorState } from '#contract/auth.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { tokenHash } from './randomTokens.ts'
import { findTotpStep, newTotpSecret, otpauthUrl, STEP_SECONDS, toBase32 } from './totp.ts'

const ISSUER = 'Revoada'
const BACKUP_CODES = 10
/** 120 bits, 24 letters: from 112 bits on a fast hash is enough (ASVS 6.5.2). */
const BACKUP_CODE_BYTES = 15

export async function secondFactorStateOf(db: Db | Trx, userId: string): Promise<SecondFactorState> {
  const { rows } = await sql<{ codes: number }>`
    select (select count(*) from backup_codes b where b.user_id = f.user_id and b.used_at is null) as codes
    from second_factors f where f.user_id = ${userId} and f.confirmed_at is not null
  `.execute(db)
  return { on: rows.length > 0, backupCodesLeft: rows[0]?.codes ?? 0 }
}

/** A new secret, which does nothing until it is confirmed. Throws SECOND_FACTOR_STATE when one is on. */
export async function offerSecondFactor(
  trx: Trx,
  box: SecretBox,
  user: { id: string; email: string },
): Promise<SecondFactorOffer> {
  const secret = newTotpSecret()
  const sealed = box.seal(secret, placeOf(user.id))
  const { rows } = await sql`
    insert into second_factors as f (user_id, secret) values (${user.id}, ${sealed})
    on conflict (user_id) do update set secret = excluded.secret, last_step = 0, created_at = clock_timestamp()
    where f.confirmed_at is null
    returning 1
  `.execute(trx)
  if (rows.length === 0) throw new AppError('SECOND_FACTOR_STATE')
  return { secret, otpauthUrl: otpauthUrl(secret, user.email, ISSUER) }
}

/**
 * Turns the second factor on: `code` shows that the app has the secret. Returns the backup codes, which nobody can see
 * again. Throws SECOND_FACTOR_STATE when nothing waits for it, SECOND_FACTOR_REJECTED.
 */
export async function confirmSecondFactor(trx: Trx, box: SecretBox, userId: string, code: string): Promise<string[]> {
  const factor = await lockFactor(trx, userId)
  if (factor === null || factor.confirmed_at !== null) throw new AppError('SECOND_FACTOR_STATE')
  if (!(await acceptsAppCode(trx, box, factor, code))) throw new AppError('SECOND_FACTOR_REJECTED')
  await trx
    .updateTable('second_factors')
    .set({ confirmed_at: sql`clock_timestamp()` })
    .where('user_id', '=', userId)
    .execute()
  const codes = Array.from({ length: BACKUP_CODES }, newBackupCode)
  await trx
    .insertInto('backup_codes')
    .values(codes.map((shown) => ({ user_id: userId, code_hash: backupHash(shown) })))
    .execute()
  return codes
}

/** What an authenticator app shows; everything else is taken for a backup code. */
export function isAppCode(code: string): boolean {
  return /^\d{6}$/.test(code)
}

/** Uses up the code: `accepted` once. `off` when the user has no second factor. */
export async function useSecondFactor(
  trx: Trx,
  box: SecretBox,
  userId: string,
  code: string,
): Promise<'off' | 'accepted' | 'rejected'> {
  const factor = await lockFactor(trx, userId)
  if (factor === null || factor.confirmed_at === null) return 'off'
  const accepted = isAppCode(code)
    ? await acceptsAppCode(trx, box, factor, code)
    : await acceptsBackupCode(trx, userId, code)
  return accepted ? 'accepted' : 'rejected'
}

/** Without a second factor it does nothing. Returns whether there was one. */
export async function removeSecondFactor(trx: Trx, userId: string): Promise<boolean> {
  const { numDeletedRows } = await trx.deleteFrom('second_factors').where('user_id', '=', userId).executeTakeFirst()
  return numDeletedRows > 0n
}

type LockedFactor = { user_id: string; secret: Buffer; confirmed_at: Date | null; last_step: number; step: number }

/** The row lock makes two requests with one code take turns: the second finds it used. */
async function lockFactor(trx: Trx, userId: string): Promise<LockedFactor | null> {
  const row = await trx
    .selectFrom('second_factors')
    .select(['user_id', 'secret', 'confirmed_at', 'last_step'])
    .select(sql<number>`floor(extract(epoch from clock_timestamp()) / ${STEP_SECONDS})::int8`.as('step'))
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

async function acceptsAppCode(trx: Trx, box: SecretBox, factor: LockedFactor, code: string): Promise<boolean> {
  if (!isAppCode(code)) return false
  const step = findTotpStep(await box.open(factor.secret, placeOf(factor.user_id)), code, factor.step)
  if (step === null || step <= factor.last_step) return false
  await trx.updateTable('second_factors').set({ last_step: step }).where('user_id', '=', factor.user_id).execute()
  return true
}

async function acceptsBackupCode(trx: Trx, userId: string, code: string): Promise<boolean> {
  const used = await trx
    .updateTable('backup_codes')
    .set({ used_at: sql`clock_timestamp()` })
    .where('user_id', '=', userId)
    .where('code_hash', '=', backupHash(code))
    .where('used_at', 'is', null)
    .returning('user_id')
    .executeTakeFirst()
  return used !== undefined
}

/** `xxxxxx-xxxxxx-xxxxxx-xxxxxx` */
function newBackupCode(): string {
  const letters = toBase32(randomBytes(BACKUP_CODE_BYTES)).toLowerCase()
  return letters.replaceAll(/(.{6})(?=.)/g, '$1-')
}

function backupHash(code: string): Buffer {
  return tokenHash(code.toLowerCase().replaceAll(/[^a-z2-7]/g, ''))
}

/** What the secret is sealed to. */
function placeOf(userId: string): string {
  return `second_factors/${userId}/secret`
}
