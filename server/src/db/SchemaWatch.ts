import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import type { Db } from './Database.ts'
import { listMigrations, NewerSchemaError, refuseNewerSchema } from './migrate.ts'

/**
 * Notices that a newer program has changed the schema under this process, which must then finish what is under way and
 * leave: what it would write has the wrong shape.
 */
export class SchemaWatch {
  /** Resolves when a newer program was here; never otherwise. */
  readonly outdated: Promise<NewerSchemaError>
  readonly #db: Db
  readonly #poller: Poller
  readonly #tell: (error: NewerSchemaError) => void
  #known: string[] = []

  constructor(options: { db: Db; log: Log; intervalMs: number }) {
    const { promise, resolve } = Promise.withResolvers<NewerSchemaError>()
    this.outdated = promise
    this.#tell = resolve
    this.#db = options.db
    this.#poller = new Poller({ work: () => this.#look(), intervalMs: options.intervalMs, log: options.log })
  }

  async start(): Promise<void> {
    this.#known = await listMigrations()
    this.#poller.start()
  }

  stop(): Promise<void> {
    return this.#poller.stop()
  }

  async #look(): Promise<void> {
    try {
      await refuseNewerSchema(this.#db, this.#known)
    } catch (error) {
      if (!(error instanceof NewerSchemaError)) throw error
      this.#tell(error)
    }
  }
}
