import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { CampaignMessage, CreateCampaignBody, CreatedCampaign } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import { stopSandbox } from '#server/channels/sandboxProcess.ts'
import { clusterPlace } from '#server/db/embedded/clusterPlace.ts'
import { postgresProcessesOn, signal, waitUntil } from '#server/db/embedded/processes.ts'
import { attachEmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { ApiClient } from './ApiClient.ts'
import { check } from './check.ts'
import { GatewayControl, type Behaviour } from './GatewayControl.ts'
import { ObservedCampaign } from './ObservedCampaign.ts'
import { ServerProcess, type HowToSpawn, type Role } from './ServerProcess.ts'

/** Requests of this site that may be under way at once, unless a case says otherwise. */
export const IN_FLIGHT = 16
export const POLL_MS = 200

const MESSAGES: CampaignMessage[] = [
  { type: 'text', content: '{{saudacao}}, {{primeiro_nome}}! Hoje, {{data}}, tem fornada às 17h. 🥖' },
]

/** Limits of people must not stop a machine; the rest keeps the lab quick. */
const SETTINGS = {
  HOST: '127.0.0.1',
  PORT: '0',
  POLL_MS: String(POLL_MS),
  CAMPAIGN_CREATE_LIMIT: '100000',
  CAMPAIGN_OPERATION_LIMIT: '100000',
  PROGRESS_LIMIT: '100000',
  IMPORT_LIMIT: '100000',
  EXPORT_LIMIT: '100000',
}

/** One installation of the product: a data directory (or a database), its server processes, its gateway and its user. */
export class Site {
  readonly directory: string
  readonly api = new ApiClient()
  readonly gateway: GatewayControl
  readonly #databaseUrl: string | null
  readonly #env: Record<string, string>
  readonly #servers: ServerProcess[] = []
  #channelId = ''

  constructor(options: { directory: string; databaseUrl: string | null; settings: Record<string, string> }) {
    this.directory = options.directory
    this.gateway = new GatewayControl(join(options.directory, 'sandbox'), 'lab')
    this.#databaseUrl = options.databaseUrl
    this.#env = {
      PATH: process.env['PATH'] ?? '',
      ...SETTINGS,
      DATA_DIR: options.directory,
      ...(options.databaseUrl === null
        ? {}
        : { DATABASE_URL: options.databaseUrl, SECRET_KEY: randomBytes(32).toString('base64url') }),
      ...options.settings,
    }
  }

  /** The settings its servers are started with. */
  get settings(): Record<string, string> {
    return { ...this.#env }
  }

  get channelId(): string {
    return this.#channelId
  }

  /** Starts a server, with `settings` over those of the site, and does not wait for it. */
  spawn(role: Role = 'all', settings: Record<string, string> = {}, how: HowToSpawn = {}): ServerProcess {
    const env = { ...this.#env, ...settings }
    const server = new ServerProcess({ role, env, logFile: join(this.directory, 'servers.log'), ...how })
    this.#servers.push(server)
    return server
  }

  /** Starts a server and returns when it is ready. */
  async start(role: Role = 'all', settings: Record<string, string> = {}, how: HowToSpawn = {}): Promise<ServerProcess> {
    const server = this.spawn(role, settings, how)
    const { address } = await server.ready
    if (address !== null) this.api.address = address
    return server
  }

  /** The first administrator and a sandbox channel. Once per site, with a server that has the API. */
  async setUp(behaviour: Behaviour = {}): Promise<void> {
    await this.api.post('/api/setup', {
      name: 'Lab',
      email: 'lab@revoada.local',
      password: randomBytes(12).toString('base64url'),
    })
    const sandbox = { maxInFlight: IN_FLIGHT, latencyMinMs: 2, latencyMaxMs: 20, delivered: 0, read: 0, ...behaviour }
    const channel = await this.api.post<Channel>('/api/user/channels', { name: 'lab', gateway: 'sandbox', sandbox })
    this.#channelId = channel.id
  }

  /**
   * Creates a campaign to `size` people of its own and asks to start it; the audience is expanded in the background.
   * `changes` go over what is sent to the API otherwise.
   */
  async createCampaign(size: number, changes: Partial<CreateCampaignBody> = {}): Promise<ObservedCampaign> {
    const contacts = Array.from({ length: size }, (_, i) => ({
      phone: `+55119${60_000_000 + i}`,
      name: `Pessoa ${i} Ção`,
    }))
    const { campaignId } = await this.api.post<CreatedCampaign>('/api/user/bulk-campaigns', {
      name: `Lab ${size}`,
      channelId: this.#channelId,
      messages: MESSAGES,
      recipients: { contacts },
      delayMin: 0,
      delayMax: 0,
      randomizeOrder: true,
      start: true,
      ...changes,
    })
    return new ObservedCampaign(
      this,
      campaignId,
      contacts.map(({ phone }) => phone),
    )
  }

  /** Asks the database itself, beside the servers. */
  async query<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.inSnapshot(async (ask) => ask<T>(text, values))
  }

  /** Changes the database itself, beside the servers: statements of a case, separated by semicolons. */
  async change(text: string): Promise<void> {
    const client = await this.#connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }

  /** The same as `query` for several questions about one moment. */
  async inSnapshot<R>(
    work: (ask: <T extends object>(text: string, values: unknown[]) => Promise<T[]>) => Promise<R>,
  ): Promise<R> {
    const client = await this.#connect()
    try {
      await client.query('begin isolation level repeatable read read only')
      return await work(
        async <T extends object>(text: string, values: unknown[]) => (await client.query<T>(text, values)).rows,
      )
    } finally {
      await client.end()
    }
  }

  /** Its servers that have not ended. */
  get living(): ServerProcess[] {
    return this.#servers.filter((server) => !server.hasEnded)
  }

  /** Processes of the site's own PostgreSQL that are alive. */
  databaseProcesses(): number[] {
    return postgresProcessesOn(join(this.directory, 'postgres'))
  }

  /** The main process of the site's own PostgreSQL. */
  postmaster(): number {
    return Number.parseInt(readFileSync(join(this.directory, 'postgres', 'postmaster.pid'), 'utf8'), 10)
  }

  /** `kill -9` of the server and of every process of its database, at once. */
  async killEverything(server: ServerProcess): Promise<void> {
    const database = this.databaseProcesses()
    server.signal('SIGKILL')
    for (const pid of database) signal(pid, 'SIGKILL')
    await server.ended
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.filter((server) => !server.hasEnded).map((server) => server.kill()))
    await waitUntil(() => this.databaseProcesses().length === 0, 10_000)
    await stopSandbox({ directory: join(this.directory, 'sandbox') })
    if (this.#databaseUrl === null)
      rmSync(clusterPlace(this.directory).socketDirectory, { recursive: true, force: true })
  }

  /** Losing the connection is for whoever asks over it; it must not end the lab. */
  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(await this.connection())
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  /** How the lab itself reaches the database. */
  async connection(): Promise<pg.ClientConfig> {
    if (this.#databaseUrl !== null) return { connectionString: this.#databaseUrl }
    const connection = await attachEmbeddedPostgres({ directory: this.directory })
    check(connection !== null, `Nobody runs the database in ${this.directory}.`)
    return connection
  }
}
