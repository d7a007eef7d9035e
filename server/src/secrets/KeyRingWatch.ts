import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { MissedKeyError } from './keyRing.ts'

/** Who has been silent for longer is taken for dead: a change of the key no longer waits for it. */
export const HOLDER_SILENT_S = 20
/** Many times in that while: a change waits this long for the processes at least. */
const EVERY_MS = 2000

/**
 * Keeps the keys of this process up to date and tells the database which the newest is that it knows, so that a change
 * of SECRET_KEY ends when every process has followed it.
 */
export class KeyRingWatch {
  /** Resolves when a change went by unseen: this process cannot open what was sealed since. Never otherwise. */
  readonly missed: Promise<MissedKeyError>
  readonly #db: Db
  readonly #box: SecretBox
  readonly #poller: Poller
  readonly #tell: (error: MissedKeyError) => void
  readonly #processId = randomUUID()

  constructor(options: { db: Db; box: SecretBox; log: Log; intervalMs?: number }) {
    const { promise, resolve } = Promise.withResolvers<MissedKeyError>()
    this.missed = promise
    this.#tell = resolve
    this.#db = options.db
    this.#box = options.box
    const intervalMs = options.intervalMs ?? EVERY_MS
    this.#poller = new Poller({ work: () => this.#look(), intervalMs, retryMs: 1000, log: options.log })
  }

  /** Returns when the process is entered among those that are waited for. */
  async start(): Promise<void> {
    await this.#look()
    await sql`delete from secret_key_holders where seen_at < clock_timestamp() - interval '1 hour'`.execute(this.#db)
    this.#poller.start()
  }

  async stop(): Promise<void> {
    await this.#poller.stop()
    // Where the database is gone, the silence says the same.
    await this.#db
      .deleteFrom('secret_key_holders')
      .where('process_id', '=', this.#processId)
      .execute()
      .catch(() => undefined)
  }

  async #look(): Promise<void> {
    try {
      if (await this.#tellAndAsk()) return
      await this.#box.reload()
      await this.#tellAndAsk()
    } catch (error) {
      if (!(error instanceof MissedKeyError)) throw error
      this.#tell(error)
    }
  }

  /** Whether the key that we know as the newest is still the one that seals. */
  async #tellAndAsk(): Promise<boolean> {
    const { rows } = await sql<{ current: string | null }>`
      with told as (
        insert into secret_key_holders (process_id, key_id) values (${this.#processId}, ${this.#box.keyId})
        on conflict (process_id) do update set key_id = excluded.key_id, seen_at = clock_timestamp()
      )
      select (select id from secret_keys where purpose = 'seal' and is_current) as current
    `.execute(this.#db)
    return rows[0]?.current === this.#box.keyId
  }
}
