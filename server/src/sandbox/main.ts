import { parseArgs } from 'node:util'
import { createLogger } from '#server/lib/logger.ts'
import type { RunningSandbox } from './Sandbox.ts'
import { isAddressInUse, startSandbox } from './Sandbox.ts'
import { DirectoryTaken } from './sandboxDirectory.ts'

/** Exit codes: 1 could not start, 2 wrong flags, 3 another process has the directory. */
const USAGE = 'Flags: --dir DIR (default ./data/sandbox), --port N (default: as last time), --detached.'

type Flags = { directory: string; port: number | null; detached: boolean }

await run()

async function run(): Promise<void> {
  const flags = readFlags()
  if (typeof flags === 'string') return leave(2, `${flags} ${USAGE}`)
  const log = createLogger({ level: 'info', name: 'sandbox' })
  try {
    const sandbox = await startSandbox({ ...flags, log })
    stopOnSignals(sandbox, flags)
    process.stdout.write(`Sandbox gateway at ${sandbox.url} (ledger and numbers in ${flags.directory})\n`)
  } catch (error) {
    if (error instanceof DirectoryTaken) return leave(3, error.message)
    if (isAddressInUse(error)) return leave(1, `Port ${flags.port} is in use; choose another with --port.`)
    leave(1, error instanceof Error ? `The sandbox cannot start: ${error.message}` : 'The sandbox cannot start.')
  }
}

/** The flags, or one sentence about what is wrong with them. */
function readFlags(): Flags | string {
  const options = { dir: { type: 'string' }, port: { type: 'string' }, detached: { type: 'boolean' } } as const
  try {
    const { values } = parseArgs({ options, strict: true, allowPositionals: false })
    const port = values.port === undefined ? null : Number(values.port)
    if (port !== null && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
      return `--port must be a whole number from 1 to 65535, not "${values.port}".`
    }
    return { directory: values.dir ?? './data/sandbox', port, detached: values.detached ?? false }
  } catch (error) {
    const [sentence = ''] = error instanceof Error ? error.message.split('. ') : []
    return `${sentence.replace(/\.$/, '')}.`
  }
}

function stopOnSignals(sandbox: RunningSandbox, { detached }: Flags): void {
  const stop = (): void => {
    void sandbox.close().then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Started by the product we outlive it, and the terminal it was started from.
  process.on('SIGHUP', detached ? () => undefined : stop)
}

function leave(code: number, sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = code
}
