import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PrivatePostgres } from './PrivatePostgres.ts'
import { Random } from './Random.ts'
import { RawGateway } from './RawGateway.ts'
import { Site } from './Site.ts'
import { TcpProxy, type ProxyTarget } from './TcpProxy.ts'

/** What a case measured, in the order to print it. */
export type Numbers = Record<string, number | string>

export type LabOptions = {
  seed: number
  /** `short` is for the test suite: the same cases with few rounds. */
  size: 'full' | 'short'
  /** Time limits are multiplied by it: 1 on a machine of its own, more where other work runs beside. */
  slack: number
  /** How long a case runs that is made of time, instead of its own length. */
  minutes?: number
  /** Says what a case is doing; for people who wait. */
  tell?: (line: string) => void
}

/** Where databases of external sites are made. */
export type DatabaseMaker = Pick<PrivatePostgres, 'createDatabase' | 'urlOf'>

export type ExternalSiteOptions = {
  /** Another PostgreSQL than the one that all sites of the lab share. */
  postgres?: DatabaseMaker
  /** Where its servers (not the lab itself) find the database: the port of a proxy or of a pooler before it. */
  through?: { port: number }
}

/** A folder, random numbers, installations of the product, and on demand a PostgreSQL: what one case works with. */
export class Lab {
  readonly random: Random
  readonly slack: number
  readonly minutes: number | undefined
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'revoada-lab-')))
  readonly tell: (line: string) => void
  readonly #size: LabOptions['size']
  readonly #sites: Site[] = []
  readonly #gateways: RawGateway[] = []
  readonly #closing: (() => Promise<void> | void)[] = []
  #postgres: Promise<PrivatePostgres> | null = null
  #through: { port: number } | undefined
  #databases = 0

  constructor(options: LabOptions) {
    this.random = new Random(options.seed)
    this.slack = options.slack
    this.minutes = options.minutes
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
  async externalSite(settings: Record<string, string> = {}, options: ExternalSiteOptions = {}): Promise<Site> {
    const postgres = options.postgres ?? (await this.postgres())
    const name = `site_${this.#databases++}`
    const databaseUrl = await postgres.createDatabase(name)
    const through = options.through ?? this.#through
    const detour: Record<string, string> =
      through === undefined ? {} : { DATABASE_URL: postgres.urlOf(name, through.port) }
    return this.#keep(
      new Site({ directory: this.#newHome(), databaseUrl, settings: { LEASE_SECONDS: '2', ...detour, ...settings } }),
    )
  }

  /** An installation on a data directory that is there already: a copy, or one that a case has prepared. */
  siteIn(directory: string, settings: Record<string, string> = {}): Site {
    return this.#keep(new Site({ directory, databaseUrl: null, settings }))
  }

  /** The PostgreSQL that external sites share. */
  postgres(): Promise<PrivatePostgres> {
    this.#postgres ??= this.newPostgres(join(this.directory, 'external'))
    return this.#postgres
  }

  /** A PostgreSQL of a case's own; it is stopped with the lab. */
  async newPostgres(directory: string): Promise<PrivatePostgres> {
    const postgres = new PrivatePostgres(directory)
    this.atEnd(() => postgres.close())
    return postgres.start()
  }

  /** A bad line to `target`; it is closed with the lab. */
  async proxy(target: ProxyTarget): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(target)
    this.atEnd(() => proxy.close())
    return proxy
  }

  /** From now on the servers of new external sites reach the shared database through this port. */
  putBetween(through: { port: number }): void {
    this.#through = through
  }

  /** What must be undone at the end, newest first, after the sites have ended. */
  atEnd(step: () => Promise<void> | void): void {
    this.#closing.push(step)
  }

  /** A gateway of this process that answers with whatever a case likes. */
  async rawGateway(tls: { key: string; cert: string } | null = null): Promise<RawGateway> {
    const gateway = await RawGateway.open(tls)
    this.#gateways.push(gateway)
    return gateway
  }

  /** Ends every process of every site and removes the folder. */
  async close(): Promise<void> {
    for (const site of this.#sites) await site.close()
    for (const gateway of this.#gateways) await gateway.shut()
    for (const step of this.#closing.toReversed()) await step()
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
}

/** More than once: a sandbox on its way out may still rename a file, and a removal that misses one gives up silently. */
async function remove(directory: string): Promise<void> {
  for (let tries = 0; existsSync(directory) && tries < 20; tries++) {
    await rm(directory, { recursive: true, force: true }).catch(() => undefined)
    if (existsSync(directory)) await sleep(100)
  }
}
