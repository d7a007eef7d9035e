import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { attachEmbeddedPostgres, startEmbeddedPostgres } from '../server/src/db/embedded/startEmbeddedPostgres.ts'
import type { ConnectionSettings } from '../server/src/db/openDatabase.ts'
import type { Log } from '../server/src/lib/logger.ts'

export type FoundDatabase = { connection: ConnectionSettings; stop: () => Promise<void> }

/**
 * The database that is named, the one that runs on the data directory, or, started for the while, the one that lies
 * there; with `mayCreate` a new one where none lies. As the owner where it is ours.
 */
export async function findDatabase(
  { databaseUrl, dataDir }: { databaseUrl: string | null; dataDir: string },
  log: Log,
  { mayCreate = false } = {},
): Promise<FoundDatabase> {
  if (databaseUrl !== null) return { connection: { connectionString: databaseUrl }, stop: async () => undefined }
  const running = await attachEmbeddedPostgres({ directory: dataDir })
  if (running !== null) return { connection: running, stop: async () => undefined }
  if (!mayCreate && !existsSync(join(dataDir, 'postgres'))) throw new Error(`There is no database in ${dataDir}.`)
  const started = await startEmbeddedPostgres({ directory: dataDir, log })
  return { connection: started.connection, stop: () => started.stop() }
}
