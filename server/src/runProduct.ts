import { beginDatabase } from '#server/beginDatabase.ts'
import type { Product } from '#server/compose.ts'
import { ConfigError, readConfig, type Config } from '#server/config.ts'
import { createLogger, type Log } from '#server/lib/logger.ts'

// Wall time is always computed with a named zone; the process itself lives in UTC.
process.env['TZ'] = 'UTC'
// Whoever reads what we say may go away, and the disk that holds it may be full: the work goes on.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)

const EXIT_SETTINGS = 2
const EXIT_FAILED = 1
/** What could not be written by then is left to the next start, which knows how to find it. */
const STOP_MARGIN_MS = 5000

await main()

async function main(): Promise<void> {
  const config = readSettings()
  const log = createLogger({ level: config.logLevel })
  // A second signal, or one during the start, ends the process within a second; the database sees to itself.
  let stopping: (() => void) | null = null
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping === null) process.exit(EXIT_FAILED)
      const stop = stopping
      stopping = null
      stop()
    })
  }
  const product = await startOrExit(config, log)
  stopping = () => void stopAndExit(product, config, log)
  void product.failed.then((error) => {
    process.stderr.write(`Revoada stops: ${error.message}\n`)
    process.exit(EXIT_FAILED)
  })
  void product.outdated.then((error) => {
    process.stderr.write(`Revoada stops: ${error.message}\n`)
    stopping = null
    void stopAndExit(product, config, log, EXIT_FAILED)
  })
  log.info({ address: product.address, role: config.role }, 'ready')
  if (product.address !== null) process.stdout.write(`Revoada: ${product.address}\n`)
}

function readSettings(): Config {
  try {
    return readConfig(process.env, process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EXIT_SETTINGS)
  }
}

async function startOrExit(config: Config, log: Log): Promise<Product> {
  try {
    const database = beginDatabase(config, log)
    // Loaded only now: nearly all of the program hangs on it, and the database needs none of that.
    const { startProduct } = await import('#server/compose.ts')
    return await startProduct(config, log, database)
  } catch (error) {
    log.debug({ err: error }, 'start failed')
    process.stderr.write(`Revoada cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(EXIT_FAILED)
  }
}

async function stopAndExit(product: Product, config: Config, log: Log, code = 0): Promise<void> {
  log.info('stopping')
  const timeout = setTimeout(() => process.exit(EXIT_FAILED), config.drainSeconds * 1000 + STOP_MARGIN_MS)
  try {
    await product.stop()
    clearTimeout(timeout)
    process.exit(code)
  } catch (error) {
    log.error({ err: error }, 'stop failed')
    process.exit(EXIT_FAILED)
  }
}
