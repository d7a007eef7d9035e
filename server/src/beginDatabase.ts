import type { Config } from '#server/config.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import type { Log } from '#server/lib/logger.ts'

/** Beside the pool: leases, migrations and command-line tools. */
const EXTRA_CONNECTIONS = 14

/**
 * Begins to start the database that the product brings along; null where an external one is named. Called before the
 * rest of the program is loaded, so that the two happen at once. Whoever awaits it hears of a failure.
 */
export function beginDatabase(config: Config, log: Log): Promise<EmbeddedPostgres> | null {
  if (config.databaseUrl !== null) return null
  const maxConnections = config.databasePool + EXTRA_CONNECTIONS
  const starting = startEmbeddedPostgres({ directory: config.dataDir, log, maxConnections })
  starting.catch(() => undefined)
  return starting
}
