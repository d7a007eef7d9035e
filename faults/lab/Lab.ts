import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { createLogger } from '#server/lib/logger.ts'
import { Random } from './Random.ts'
import { Site } from './Site.ts'

/** What a case measured, in the order to print it. */
export type Numbers = Record<string, number | string>

export type LabOptions = {
  seed: number
  /** `short` is for the test suite: the same cases with few rounds. */
  size: 'full' | 'short'
  /** Time limits are multiplied by it: 1 on a machine of its own, more where other work runs beside. */
  slack: number
  /** Says what a case is doing; for people who wait. */
  tell?: (line: string) => void
}

const log = createLogger({ level: 'silent' })

/** A folder, random numbers, installations of the product, and on demand a PostgreSQL: what one case works with. */
export class Lab {
  readonly random: Random
  readonly slack: number
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'revoada-lab-')))
  readonly tell: (line: string) => void
  readonly #size: LabOptions['size']
  readonly #sites: Site[] = []
  #postgres: Promise<EmbeddedPostgres> | null = null

  constructor(options: LabOptions) {
    this.random = new Random(options.seed)
    this.slack = options.slack
    this.tell = options.tell ?? (() => undefined)
    this.#size = options.size
  }

  /** How much to do: the first number in a full run, the second in a short one. */
  rounds(full: number, short: number): number {
    return this.#size === 'full' ? full : short
  }

  /** A time limit on this machine. */
  limit(ms: number): number {
    return ms * this.slack
  }

  /** An installation that runs its own PostgreSQL, all of it under a folder that only its owner may enter. */
  embeddedSite(settings: Record<string, string> = {}): Site {
    return this.#keep(new Site({ directory: this.#newHome(), databaseUrl: null, settings }))
  }

  /** An installation on an external PostgreSQL, with a database of its own. Leases are short unless `settings` differ. */
  async externalSite(settings: Record<string, string> = {}): Promise<Site> {
    const databaseUrl = await this.#newDatabase(`site_${this.#sites.length}`)
    return this.#keep(
      new Site({ directory: this.#newHome(), databaseUrl, settings: { LEASE_SECONDS: '2', ...settings } }),
    )
  }

  /** Ends every process of every site and removes the folder. */
  async close(): Promise<void> {
    for (const site of this.#sites) await site.close()
    await (await this.#postgres?.catch(() => null))?.stop()
    await remove(this.directory)
  }

  #keep(site: Site): Site {
    this.#sites.push(site)
    return site
  }

  #newHome(): string {
    const home = join(this.directory, `home${this.#sites.length}`)
    mkdirSync(home, { mode: 0o700 })
    chmodSync(home, 0o700)
    const directory = join(home, 'data')
    mkdirSync(directory)
    return directory
  }

  async #newDatabase(name: string): Promise<string> {
    this.#postgres ??= startEmbeddedPostgres({ directory: join(this.directory, 'external'), log, maxConnections: 100 })
    const { connection } = await this.#postgres
    const client = new pg.Client(connection)
    await client.connect()
    await client.query(`create database ${name}`)
    await client.end()
    const password = connection.password === undefined ? '' : `:${connection.password}`
    const where = `host=${encodeURIComponent(connection.host)}&port=${connection.port}`
    return `postgres://${connection.user}${password}@localhost/${name}?${where}`
  }
}

/** More than once: a sandbox on its way out may still rename a file, and a removal that misses one gives up silently. */
async function remove(directory: string): Promise<void> {
  for (let tries = 0; existsSync(directory) && tries < 20; tries++) {
    await rm(directory, { recursive: true, force: true }).catch(() => undefined)
    if (existsSync(directory)) await sleep(100)
  }
}
