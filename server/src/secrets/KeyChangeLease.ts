import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'

const FACT = 'key_change'
/** Who has not renewed its lease for so long is dead, or is to be taken for it. */
const LEASE_S = 10
const RENEW_EVERY_MS = 2000
const LOOK_EVERY_MS = 250

/** Somebody else changes SECRET_KEY at this moment. The message is a sentence for people. */
export class KeyChangeUnderWayError extends Error {
  constructor() {
    super('another change of SECRET_KEY is under way; wait until it has ended.')
    this.name = 'KeyChangeUnderWayError'
  }
}

/**
 * One change of SECRET_KEY at a time in the whole cluster: a row with an owner, renewed by the database's clock. No
 * lock of a session, which behind a pooler belongs to everybody.
 */
export class KeyChangeLease {
  readonly #db: Db
  readonly #owner = randomUUID()
  #timer: NodeJS.Timeout | undefined

  private constructor(db: Db) {
    this.#db = db
  }

  /** Runs `work` as the only one. Waits out the lease of a run that died; throws `KeyChangeUnderWayError` if it lives. */
  static async hold<T>(db: Db, work: (lease: KeyChangeLease) => Promise<T>): Promise<T> {
    const lease = new KeyChangeLease(db)
    await lease.#take()
    try {
      return await work(lease)
    } finally {
      await lease.#release()
    }
  }

  /**
   * Whoever was silent for too long may have lost the lease: within a transaction that calls this nobody takes it, and
   * it throws `KeyChangeUnderWayError` if somebody has.
   */
  async require(trx: Trx): Promise<void> {
    const { rows } = await sql`
      select 1 from instance_facts where name = ${FACT} and value = ${this.#owner} for update
    `.execute(trx)
    if (rows.length === 0) throw new KeyChangeUnderWayError()
  }

  async #take(): Promise<void> {
    let seen: string | undefined
    while (!(await this.#tryTake())) {
      const held = await this.#readHeld()
      if (seen !== undefined && held !== undefined && held !== seen) throw new KeyChangeUnderWayError()
      seen ??= held
      await sleep(LOOK_EVERY_MS)
    }
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS)
  }

  async #tryTake(): Promise<boolean> {
    const { rows } = await sql`
      insert into instance_facts as f (name, value, created_at) values (${FACT}, ${this.#owner}, clock_timestamp())
      on conflict (name) do update set value = excluded.value, created_at = excluded.created_at
      where f.created_at < clock_timestamp() - make_interval(secs => ${LEASE_S})
      returning 1
    `.execute(this.#db)
    return rows.length > 0
  }

  /** Changes with every renewal and every owner; undefined where nobody holds it. */
  async #readHeld(): Promise<string | undefined> {
    const { rows } = await sql<{ held: string }>`
      select concat(value, ' ', created_at) as held from instance_facts where name = ${FACT}
    `.execute(this.#db)
    return rows[0]?.held
  }

  /** A failure shows at the next step that requires the lease. */
  async #renew(): Promise<void> {
    await sql`
      update instance_facts set created_at = clock_timestamp() where name = ${FACT} and value = ${this.#owner}
    `
      .execute(this.#db)
      .catch(() => undefined)
  }

  async #release(): Promise<void> {
    clearInterval(this.#timer)
    await sql`delete from instance_facts where name = ${FACT} and value = ${this.#owner}`
      .execute(this.#db)
      .catch(() => undefined) // then it runs out by itself
  }
}
