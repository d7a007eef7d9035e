import { ensureSandbox } from '#server/channels/sandboxProcess.ts'
import { startOnStore, type Product } from '#server/compose.ts'
import { readConfig } from '#server/config.ts'
import { createLogger } from '#server/lib/logger.ts'
import { openStore } from '#server/openStore.ts'
import type { PrivatePostgres } from '../lab/PrivatePostgres.ts'
import type { Site } from '../lab/Site.ts'
import { TcpProxy } from '../lab/TcpProxy.ts'
import { join } from 'node:path'

const log = createLogger({ level: 'silent' })

/** Quick, so that thousands of steps take minutes. Nothing is drained: a stop here only clears away what was killed. */
const SETTINGS = { NODE_ENV: 'test', POLL_MS: '250', DRAIN_SECONDS: '0', DATABASE_POOL: '5' }

/**
 * One life of the whole product inside this process: API, web and worker. Killing it cuts every connection to database
 * and gateway with a reset, and none comes again. From outside that is a death: what was on its way may have arrived,
 * nothing more will.
 */
export class ServerLife {
  readonly #product: Product
  readonly #lines: readonly TcpProxy[]

  private constructor(product: Product, lines: readonly TcpProxy[]) {
    this.#product = product
    this.#lines = lines
  }

  /** Starts it as the only server of the database: what was running is paused, as after every cold start. */
  static async begin(site: Site, postgres: PrivatePostgres): Promise<ServerLife> {
    const directory = join(site.directory, 'sandbox')
    const sandbox = await ensureSandbox({ directory, log })
    const toGateway = await TcpProxy.open({ host: '127.0.0.1', port: Number(new URL(sandbox.url).port) })
    const toDatabase = await TcpProxy.open(postgres.socket)
    const database = new URL(site.settings['DATABASE_URL'] ?? '').pathname.slice(1)
    const env = {
      ...site.settings,
      ...SETTINGS,
      DATABASE_URL: postgres.urlOf(database, toDatabase.port),
      SANDBOX_URL: `http://127.0.0.1:${toGateway.port}`,
      SANDBOX_TOKEN: sandbox.adminToken,
    }
    const config = readConfig(env, [])
    const secretKey = config.secretKey ?? ''
    const store = openStore(config, secretKey, log, null)
    const product = await startOnStore({ ...store, isEmbedded: true }, config, log)
    site.api.address = product.address ?? ''
    return new ServerLife(product, [toGateway, toDatabase])
  }

  /** Returns at once; what is left of it ends by itself. */
  kill(): void {
    for (const line of this.#lines) {
      line.refuse(true)
      line.reset()
    }
    void this.end()
  }

  async end(): Promise<void> {
    await this.#product.stop().catch(() => undefined)
    await Promise.all(this.#lines.map((line) => line.close()))
  }
}
