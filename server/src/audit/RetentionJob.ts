import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import type { AuditLogger } from './AuditLogger.ts'
import { sweepAll, type Removed, type Sweep } from './sweeps.ts'

export type RetentionJobDeps = {
  db: Db
  audit: AuditLogger
  log: Log
  sweeps: Sweep[]
  /** How often to look whether it is due; ten minutes if not given. */
  lookEveryMs?: number
}

const LOOK_EVERY_MS = 600_000
/** Renewed with every chunk, which takes milliseconds: who is silent for so long is dead. */
const CLAIM = sql`interval '5 minutes'`
const PERIOD = sql`interval '1 day'`

/**
 * Once a day, in the whole cluster, removes what has been kept long enough. Every worker looks; whoever claims the one
 * row does it. A day that nobody was there is made up for at the next look, and a death halfway by somebody else.
 */
export class RetentionJob {
  readonly #deps: RetentionJobDeps
  readonly #poller: Poller
  readonly #me = randomUUID()
  #stopping = false

  constructor(deps: RetentionJobDeps) {
    this.#deps = deps
    const intervalMs = deps.lookEveryMs ?? LOOK_EVERY_MS
    this.#poller = new Poller({ work: async () => void (await this.runIfDue()), intervalMs, log: deps.log })
  }

  start(): void {
    this.#stopping = false
    this.#poller.start()
  }

  /** Returns when the chunk under way has ended; the rest is for whoever comes next. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#poller.stop()
  }

  /** Counts of what was removed; null where it is not due, or somebody else is at it. */
  runIfDue(): Promise<Removed | null> {
    return this.#run(sql`due_at <= clock_timestamp()`)
  }

  /** The same, due or not. */
  runNow(): Promise<Removed | null> {
    return this.#run(sql`true`)
  }

  async #run(isDue: ReturnType<typeof sql>): Promise<Removed | null> {
    const { db, sweeps, log } = this.#deps
    if (!(await this.#claim(isDue))) return null
    try {
      let isWhole = true
      const removed = await sweepAll(db, sweeps, async () => (isWhole = !this.#stopping && (await this.#renew())))
      if (isWhole && (await this.#finish(removed))) log.info({ removed }, 'rows removed whose time was over')
      else await this.#giveUp()
      return removed
    } catch (error) {
      await this.#giveUp().catch(() => undefined) // then the claim runs out by itself
      throw error
    }
  }

  async #claim(isDue: ReturnType<typeof sql>): Promise<boolean> {
    const { rows } = await sql`
      update retention_runs
      set owner = ${this.#me}, owner_expires_at = clock_timestamp() + ${CLAIM}, last_started_at = clock_timestamp()
      where ${isDue} and (owner is null or owner_expires_at < clock_timestamp())
      returning 1
    `.execute(this.#deps.db)
    return rows.length > 0
  }

  async #renew(): Promise<boolean> {
    const { rows } = await sql`
      update retention_runs set owner_expires_at = clock_timestamp() + ${CLAIM} where owner = ${this.#me} returning 1
    `.execute(this.#deps.db)
    return rows.length > 0
  }

  async #finish(removed: Removed): Promise<boolean> {
    return transaction(this.#deps.db, async (trx) => {
      const { rows } = await sql`
        update retention_runs
        set owner = null, owner_expires_at = null, due_at = last_started_at + ${PERIOD},
          last_finished_at = clock_timestamp(), last_removed = ${JSON.stringify(removed)}
        where owner = ${this.#me} returning 1
      `.execute(trx)
      if (rows.length === 0) return false
      await this.#deps.audit.logEvent(trx, { action: 'retention', userId: null, details: { removed } })
      return true
    })
  }

  /** Still due: the next look of anybody goes on. */
  async #giveUp(): Promise<void> {
    await sql`
      update retention_runs set owner = null, owner_expires_at = null where owner = ${this.#me}
    `.execute(this.#deps.db)
  }
}
