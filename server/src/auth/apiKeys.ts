import { sql, type Selectable } from 'kysely'
import type { ApiKey, CreatedApiKey } from '#contract/auth.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor, type SignedInUser } from '#server/lib/http.ts'
import { onePage } from '#server/lib/listCursor.ts'
import type { ApiKeyRow } from './authTables.ts'
import { forget, type Remember } from './idempotencyKeys.ts'
import { newToken, tokenHash } from './randomTokens.ts'

const PREFIX = 'rvd_'
const KEY_SHAPE = /^rvd_[\w-]{43}$/
/** Enough to recognise a key by: `rvd_` and 6 of its 43 characters, which leaves 220 random bits. */
const SHOWN_LENGTH = PREFIX.length + 6
const PAGE = 50

const COLUMNS = ['id', 'name', 'prefix', 'created_at', 'last_used_at', 'revoked_at'] as const

export type ApiKeyDeps = { db: Db; audit: AuditLogger }

/** Makes a key; the only time that the key itself is known. */
export async function createApiKey(
  { db, audit }: ApiKeyDeps,
  actor: Actor,
  name: string,
  remember: Remember = forget,
): Promise<CreatedApiKey> {
  const key = PREFIX + newToken()
  return transaction(db, async (trx) => {
    const row = await trx
      .insertInto('api_keys')
      .values({ user_id: actor.ownerId, name, prefix: key.slice(0, SHOWN_LENGTH), key_hash: tokenHash(key) })
      .returning(COLUMNS)
      .executeTakeFirstOrThrow()
    const created = { ...toApiKey(row), key }
    const details = { name, prefix: created.prefix }
    await audit.logEvent(trx, { ...doneBy(actor), action: 'api-key-create', target: created.id, details })
    await remember(trx, created)
    return created
  })
}

/** Keys of the user, newest first, revoked ones too; `cursor` is the id of the last one seen. */
export async function listApiKeys(
  db: Db,
  userId: string,
  { limit = PAGE, cursor }: { limit?: number; cursor?: string },
): Promise<{ items: ApiKey[]; nextCursor: string | null }> {
  const rows = await db
    .selectFrom('api_keys')
    .select(COLUMNS)
    .where('user_id', '=', userId)
    .$if(cursor !== undefined, (query) =>
      query.where(
        sql<boolean>`(created_at, id) < (select k.created_at, k.id from api_keys k where k.id = ${cursor} and k.user_id = ${userId})`,
      ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return onePage(rows, limit, { itemOf: toApiKey, cursorOf: ({ id }) => id })
}

/** From the next request on the key opens nothing. Revoking twice is fine. Throws NOT_FOUND for someone else's. */
export async function revokeApiKey({ db, audit }: ApiKeyDeps, actor: Actor, id: string): Promise<void> {
  await transaction(db, async (trx) => {
    const key = await trx
      .selectFrom('api_keys')
      .select(['prefix', 'revoked_at'])
      .where('id', '=', id)
      .where('user_id', '=', actor.ownerId)
      .forUpdate()
      .executeTakeFirst()
    if (key === undefined) throw new AppError('NOT_FOUND')
    if (key.revoked_at !== null) return
    await trx
      .updateTable('api_keys')
      .set({ revoked_at: sql`clock_timestamp()` })
      .where('id', '=', id)
      .execute()
    const details = { prefix: key.prefix }
    await audit.logEvent(trx, { ...doneBy(actor), action: 'api-key-revoke', target: id, details })
  })
}

/** Who the key belongs to; null when it is malformed, unknown or revoked, or its user disabled. */
export async function findApiKeyUser(db: Db, key: string): Promise<SignedInUser | null> {
  if (!KEY_SHAPE.test(key)) return null
  const row = await db
    .selectFrom('api_keys as k')
    .innerJoin('users as u', 'u.id', 'k.user_id')
    .select(['k.id as keyId', 'u.id', 'u.name', 'u.email', 'u.role', isUseStale.as('isUseStale')])
    .where('k.key_hash', '=', tokenHash(key))
    .where('k.revoked_at', 'is', null)
    .where('u.disabled_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return null
  if (row.isUseStale) await noteUse(db, row.keyId)
  const { id, name, email, role } = row
  return { id, name, email, role, via: 'apiKey', sessionId: null }
}

// Once a minute is enough to see that a key lives; on every request it would double the cost of each.
const isUseStale = sql<boolean>`(k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '1 minute')`

async function noteUse(db: Db, keyId: string): Promise<void> {
  await db
    .updateTable('api_keys as k')
    .set({ last_used_at: sql`clock_timestamp()` })
    .where('k.id', '=', keyId)
    .where(isUseStale)
    .execute()
}

function toApiKey(row: Pick<Selectable<ApiKeyRow>, (typeof COLUMNS)[number]>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
