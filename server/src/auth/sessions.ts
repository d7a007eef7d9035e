import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Session } from '#contract/auth.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { SignedInUser } from '#server/lib/http.ts'
import { onePage } from '#server/lib/listCursor.ts'
import { Cookie } from './cookies.ts'
import { newToken, tokenHash } from './randomTokens.ts'

export type SessionSettings = {
  db: Db
  /** A session that nobody used for so long is over. */
  idleHours: number
  /** And one of this age, however much it was used. */
  days: number
  /** Where people reach the product, `https://…` or `http://…`; null when it is not known. */
  publicUrl: string | null
}

const DAY_S = 86_400
const LONGEST_AGENT = 200

/**
 * Who is signed in where. The browser holds 256 random bits in a cookie, the database their hash; every request asks the
 * database, so what was ended is dead at once in all processes, and what ran out did so by the database's clock.
 */
export class Sessions {
  readonly cookie: Cookie
  readonly #db: Db
  readonly #idleHours: number
  readonly #days: number

  constructor({ db, idleHours, days, publicUrl }: SessionSettings) {
    this.cookie = new Cookie('revoada_session', publicUrl)
    this.#db = db
    this.#idleHours = idleHours
    this.#days = days
  }

  /** Opens a new session and ends the one that the browser held. Returns the `Set-Cookie` value. */
  async open(trx: Trx, request: FastifyRequest, userId: string): Promise<string> {
    await this.end(trx, request)
    await trx
      .deleteFrom('sessions as s')
      .where('s.user_id', '=', userId)
      .where(sql<boolean>`not ${this.#alive}`)
      .execute()
    const token = newToken()
    await trx
      .insertInto('sessions')
      .values({
        user_id: userId,
        token_hash: tokenHash(token),
        expires_at: sql<Date>`clock_timestamp() + make_interval(days => ${this.#days})`,
        address: request.ip,
        user_agent: request.headers['user-agent']?.slice(0, LONGEST_AGENT) ?? null,
      })
      .execute()
    return this.cookie.set(token, this.#days * DAY_S)
  }

  /** Who the request's cookie belongs to; null when it is missing, forged or over, or its user disabled. */
  async find(request: FastifyRequest): Promise<SignedInUser | null> {
    const token = this.cookie.read(request)
    if (token === null) return null
    const row = await this.#living(token)
      .select(['s.id as sessionId', 'u.id', 'u.name', 'u.email', 'u.role', isUseStale.as('isUseStale')])
      .executeTakeFirst()
    if (row === undefined) return null
    const { isUseStale: isStale, sessionId, ...user } = row
    if (isStale) await this.#noteUse(sessionId)
    return { ...user, via: 'session', sessionId }
  }

  /** Whether the request's session still holds. Asking is no use of it: an open page must not keep it alive. */
  async holds(request: FastifyRequest): Promise<boolean> {
    const token = this.cookie.read(request)
    if (token === null) return false
    return (await this.#living(token).select('s.id').executeTakeFirst()) !== undefined
  }

  /** Ends the session of the request, if there is one. Returns whose it was. */
  async end(trx: Trx, request: FastifyRequest): Promise<string | null> {
    const token = this.cookie.read(request)
    if (token === null) return null
    const ended = await trx
      .deleteFrom('sessions')
      .where('token_hash', '=', tokenHash(token))
      .returning('user_id')
      .executeTakeFirst()
    return ended?.user_id ?? null
  }

  /** The user's living sessions, the newest first; `cursor` is the id of the last one seen. */
  async list(
    user: SignedInUser,
    { limit = 50, cursor }: { limit?: number; cursor?: string },
  ): Promise<{ items: Session[]; nextCursor: string | null }> {
    const rows = await this.#db
      .selectFrom('sessions as s')
      .select(['s.id', 's.created_at', 's.used_at', 's.address', 's.user_agent'])
      .where('s.user_id', '=', user.id)
      .where(this.#alive)
      .$if(cursor !== undefined, (query) =>
        query.where(
          sql<boolean>`(s.created_at, s.id) < (select c.created_at, c.id from sessions c where c.id = ${cursor} and c.user_id = ${user.id})`,
        ),
      )
      .orderBy('s.created_at', 'desc')
      .orderBy('s.id', 'desc')
      .limit(limit + 1)
      .execute()
    const itemOf = (row: (typeof rows)[number]) => ({
      id: row.id,
      createdAt: row.created_at.toISOString(),
      usedAt: row.used_at.toISOString(),
      address: row.address,
      userAgent: row.user_agent,
      current: row.id === user.sessionId,
    })
    return onePage(rows, limit, { itemOf, cursorOf: ({ id }) => id })
  }

  #living(token: string) {
    return this.#db
      .selectFrom('sessions as s')
      .innerJoin('users as u', 'u.id', 's.user_id')
      .where('s.token_hash', '=', tokenHash(token))
      .where('u.disabled_at', 'is', null)
      .where(this.#alive)
  }

  get #alive() {
    return sql<boolean>`(s.used_at > clock_timestamp() - make_interval(hours => ${this.#idleHours})
      and s.expires_at > clock_timestamp())`
  }

  async #noteUse(id: string): Promise<void> {
    await this.#db
      .updateTable('sessions as s')
      .set({ used_at: sql`clock_timestamp()` })
      .where('s.id', '=', id)
      .where(isUseStale)
      .execute()
  }
}

// Once a minute is enough: a limit counts in hours, and writing on every request would double the cost of each.
const isUseStale = sql<boolean>`(s.used_at < clock_timestamp() - interval '1 minute')`

/** Ends the user's sessions, all or all but one; how many there were. */
export async function endSessions(trx: Trx, userId: string, except: string | null = null): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('sessions')
    .where('user_id', '=', userId)
    .$if(except !== null, (query) => query.where('id', '<>', except))
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** Ends one session of the user. Throws NOT_FOUND for someone else's. */
export async function endSession(trx: Trx, userId: string, id: string): Promise<void> {
  const ended = await trx
    .deleteFrom('sessions')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('id')
    .executeTakeFirst()
  if (ended === undefined) throw new AppError('NOT_FOUND')
}
