import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopSandbox } from '#server/channels/sandboxProcess.ts'
import { startProduct } from '#server/compose.ts'
import { readConfig } from '#server/config.ts'
import { createLogger } from '#server/lib/logger.ts'

/*
 * The real product for the browser tests: API, web, worker, its own PostgreSQL and its sandbox, on a directory that is
 * gone afterwards. It ends on SIGTERM, and also when whoever started it is no longer there.
 */
process.env['TZ'] = 'UTC'

const WATCH_PARENT_MS = 500

const directory = process.env['E2E_DIRECTORY'] ?? (await mkdtemp(join(tmpdir(), 'revoada-e2e-')))
await mkdir(directory, { recursive: true })
const config = readConfig(
  {
    DATA_DIR: directory,
    PORT: process.env['E2E_PORT'] ?? '0',
    LOG_LEVEL: 'warn',
    // The tests are one person in a great hurry.
    SIGN_IN_LIMIT: '1000',
    CAMPAIGN_CREATE_LIMIT: '1000',
    CAMPAIGN_OPERATION_LIMIT: '1000',
    PROGRESS_LIMIT: '10000',
    IMPORT_LIMIT: '10000',
    EXPORT_LIMIT: '10000',
  },
  [],
)
const parent = process.ppid
const started = startProduct(config, createLogger({ level: config.logLevel }))
started.catch(() => void stop())

let stopping = false
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop())
setInterval(() => process.ppid === parent || void stop(), WATCH_PARENT_MS)

async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  try {
    await (await started).stop()
    await stopSandbox({ directory: join(directory, 'sandbox') })
    process.exitCode = 0
  } catch (error) {
    process.stderr.write(`The server of the browser tests: ${String(error)}\n`)
    process.exitCode = 1
  }
  await rm(directory, { recursive: true, force: true })
  process.exit()
}
