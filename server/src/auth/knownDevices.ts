import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import { Cookie } from './cookies.ts'
import { newToken, tokenHash } from './randomTokens.ts'

const KEPT_DAYS = 90
const DAY_S = 86_400
/** More than anybody uses; the oldest is forgotten. */
const MOST_DEVICES = 20

/**
 * Browsers that have signed in as a user before, known by a cookie of their own. It opens nothing: attempts from such a
 * browser are only counted apart, so that a stranger who guesses cannot use up the attempts of the account's owner.
 */
export class KnownDevices {
  readonly #cookie: Cookie

  constructor(publicUrl: string | null) {
    this.#cookie = new Cookie('revoada_device', publicUrl)
  }

  /** What to count this browser's attempts under; null for a stranger to the account of this e-mail. */
  async find(db: Db, request: FastifyRequest, email: string): Promise<string | null> {
    const token = this.#cookie.read(request)
    if (token === null) return null
    const hash = tokenHash(token)
    const row = await db
      .selectFrom('known_devices as d')
      .innerJoin('users as u', 'u.id', 'd.user_id')
      .select('d.user_id')
      .where('d.token_hash', '=', hash)
      .where('u.email', '=', email.toLowerCase())
      .where('d.expires_at', '>', sql<Date>`clock_timestamp()`)
      .executeTakeFirst()
    return row === undefined ? null : hash.toString('base64url')
  }

  /** After a sign-in: this browser is known from now on. Returns the `Set-Cookie` value. */
  async remember(trx: Trx, request: FastifyRequest, userId: string): Promise<string> {
    const old = this.#cookie.read(request)
    if (old !== null) await trx.deleteFrom('known_devices').where('token_hash', '=', tokenHash(old)).execute()
    const token = newToken()
    await trx
      .insertInto('known_devices')
      .values({
        token_hash: tokenHash(token),
        user_id: userId,
        expires_at: sql<Date>`clock_timestamp() + make_interval(days => ${KEPT_DAYS})`,
      })
      .execute()
    await sql`
      delete from known_devices where token_hash in (
        select token_hash from known_devices where user_id = ${userId} order by expires_at desc offset ${MOST_DEVICES}
      )
    `.execute(trx)
    return this.#cookie.set(token, KEPT_DAYS * DAY_S)
  }
}
