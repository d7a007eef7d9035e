import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { sealerOf, type Sealer } from '#server/lib/Sealer.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'

/**
 * Keeps the answer of a creation, in its transaction: both or neither. Throws CONFLICT when the request was stalled for
 * so long that its repeat took over; the transaction then rolls back. `mayChange`: the final answer follows.
 */
export type Remember = (trx: Trx, answer: object, options?: { mayChange?: boolean }) => Promise<void>

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on routes that create, when the request has an Idempotency-Key. */
    claim: Claim | null
  }
}

/** For services that create: keeps nothing when the request has no Idempotency-Key. */
export function rememberOf(request: FastifyRequest): Remember {
  const { claim } = request
  return claim === null ? forget : (trx, answer, options) => claim.remember(trx, answer, options)
}

/** Keeps no answer: the creation was not asked for under a key. */
export const forget: Remember = async () => undefined

export type KeyedRequest = {
  userId: string
  /** Method and pattern: a key means something else on another route. */
  route: string
  key: string
  /** Everything that decides what is created, always written the same way. */
  content: string
}

/** Somebody who stalls for longer loses the claim; who repeats after a crash waits no longer. */
const CLAIM_SECONDS = 15
const KEPT_HOURS = 24
/** Longer than a claim, so that a repeat after a crash is answered and not turned away. */
const WAIT_MS = 20_000
const ASK_EVERY_MS = 50
/** Of so many claims one also sweeps the keys that ran out. */
const SWEEP_EVERY = 100

/**
 * Claims the creation, or returns the answer that the same request got before. Repeats that come while the first is at
 * work wait for its answer. Throws IDEMPOTENCY_KEY_REUSED when the key was used for something else, CONFLICT when
 * the wait gets too long.
 */
export async function claimCreation(
  db: Db,
  box: SecretBox,
  request: KeyedRequest,
): Promise<Claim | { answer: unknown }> {
  const claim = new Claim(db, box, request)
  const deadline = performance.now() + WAIT_MS
  while (performance.now() < deadline) {
    if (await claim.take()) return claim
    const found = await claim.findAnswer()
    if (found !== null) return found
    await sleep(ASK_EVERY_MS)
  }
  throw new AppError('CONFLICT', { details: { retryAfterSeconds: CLAIM_SECONDS } })
}

/** The right of one request to carry out a creation, under the key that its caller chose. */
export class Claim {
  readonly #db: Db
  readonly #id = randomUUID()
  readonly #userId: string
  readonly #route: string
  readonly #keyHash: Buffer
  readonly #requestHash: Buffer
  /** An answer may show a secret once. Opening it takes the caller's key, of which only a hash is stored. */
  readonly #sealer: Sealer

  constructor(db: Db, box: SecretBox, request: KeyedRequest) {
    this.#db = db
    this.#userId = request.userId
    this.#route = request.route
    this.#keyHash = box.hash(request.key, 'idempotency-key')
    this.#requestHash = box.hash(request.content, 'idempotency-request')
    this.#sealer = sealerOf(box.derive(`idempotency-answer/${request.key}`))
  }

  /** False when somebody else has the key: at work, or done. A dead claim is taken over by the same request only. */
  async take(): Promise<boolean> {
    const seconds = (n: number) => sql`clock_timestamp() + make_interval(secs => ${n})`
    const { rows } = await sql`
      insert into idempotency_keys as k (user_id, route, key_hash, request_hash, claim, claim_expires_at, expires_at)
      values (${this.#userId}, ${this.#route}, ${this.#keyHash}, ${this.#requestHash}, ${this.#id},
        ${seconds(CLAIM_SECONDS)}, ${seconds(KEPT_HOURS * 3600)})
      on conflict (user_id, route, key_hash) do update
      set request_hash = excluded.request_hash, claim = excluded.claim, claim_expires_at = excluded.claim_expires_at,
        answer = null, expires_at = excluded.expires_at
      where k.expires_at <= clock_timestamp()
        or (k.answer is null and k.claim_expires_at <= clock_timestamp() and k.request_hash = excluded.request_hash)
      returning 1
    `.execute(this.#db)
    if (rows.length > 0 && Math.random() * SWEEP_EVERY < 1) await deleteExpiredIdempotencyKeys(this.#db)
    return rows.length > 0
  }

  /** The answer of the request that has the key; null while it is at work. Throws IDEMPOTENCY_KEY_REUSED. */
  async findAnswer(): Promise<{ answer: unknown } | null> {
    const row = await this.#db
      .selectFrom('idempotency_keys')
      .select(['request_hash', 'answer'])
      .select(sql<boolean>`claim_expires_at > clock_timestamp()`.as('atWork'))
      .where('user_id', '=', this.#userId)
      .where('route', '=', this.#route)
      .where('key_hash', '=', this.#keyHash)
      .executeTakeFirst()
    if (row === undefined) return null
    if (!row.request_hash.equals(this.#requestHash)) throw new AppError('IDEMPOTENCY_KEY_REUSED')
    if (row.answer === null || row.atWork === true) return null
    return { answer: JSON.parse(this.#sealer.open(row.answer, this.#place())) }
  }

  async remember(trx: Trx, answer: object, options: { mayChange?: boolean } = {}): Promise<void> {
    const { numUpdatedRows } = await this.#mine(trx)
      .set({ answer: this.#seal(answer), ...(options.mayChange === true ? {} : { claim_expires_at: null }) })
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw new AppError('CONFLICT', { details: { retryAfterSeconds: 1 } })
  }

  /** The answer as it goes out. Does nothing when it was final before. */
  async finish(answer: object): Promise<void> {
    await this.#mine(this.#db)
      .set({ answer: this.#seal(answer), claim_expires_at: null })
      .where('claim_expires_at', 'is not', null)
      .execute()
  }

  /** After a failure: what was not created may be asked for again at once, what was created stays. */
  async release(): Promise<void> {
    await this.#mine(this.#db).set({ claim_expires_at: null }).where('answer', 'is not', null).execute()
    await this.#db
      .deleteFrom('idempotency_keys')
      .where('user_id', '=', this.#userId)
      .where('route', '=', this.#route)
      .where('key_hash', '=', this.#keyHash)
      .where('claim', '=', this.#id)
      .where('answer', 'is', null)
      .execute()
  }

  #mine(db: Db | Trx) {
    return db
      .updateTable('idempotency_keys')
      .where('user_id', '=', this.#userId)
      .where('route', '=', this.#route)
      .where('key_hash', '=', this.#keyHash)
      .where('claim', '=', this.#id)
  }

  #seal(answer: object): Buffer {
    return this.#sealer.seal(JSON.stringify(answer), this.#place())
  }

  #place(): string {
    return `idempotency_keys/${this.#userId}/${this.#route}`
  }
}

/** Ends every claim, so that repeats need not wait. Only for a start on a database of our own: whoever claimed is dead. */
export async function freeAllClaims(db: Db): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ claim_expires_at: sql<Date>`clock_timestamp()` })
    .where('claim_expires_at', 'is not', null)
    .execute()
}

/** Forgets keys whose 24 hours are over; done now and then by creations themselves. */
export async function deleteExpiredIdempotencyKeys(db: Db): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where('expires_at', '<', sql<Date>`clock_timestamp()`)
    .execute()
}
