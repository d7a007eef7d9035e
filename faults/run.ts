import { parseArgs } from 'node:util'
import { CASES } from './cases/index.ts'
import { CannotRunHere } from './lab/check.ts'
import { Lab } from './lab/Lab.ts'

process.env['TZ'] = 'UTC'

const USAGE = `npm run faults -- [ids] [--seed N] [--short] [--slack N]
  ids      cases to run, all without any; --list names them
  --seed   repeats the random moments of a run
  --short  few rounds, as in the test suite
  --slack  multiplies the time limits, for a machine that does other work as well`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      slack: { type: 'string', default: '1' },
      short: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return say(USAGE)
  if (values.list)
    return say(
      Object.entries(CASES)
        .map(([id, { about }]) => `${id.padEnd(16)}${about}`)
        .join('\n'),
    )
  const unknown = positionals.filter((id) => CASES[id] === undefined)
  if (unknown.length > 0) return say(`No such case: ${unknown.join(', ')}. See --list.`, 2)
  const results: Record<Outcome, string[]> = { holds: [], failed: [], 'cannot run here': [] }
  for (const id of positionals.length > 0 ? positionals : Object.keys(CASES)) {
    const size = values.short ? 'short' : 'full'
    const outcome = await runCase(id, { seed: Number(values.seed), slack: Number(values.slack), size })
    results[outcome].push(id)
  }
  const { failed, 'cannot run here': notRun } = results
  if (notRun.length > 0) say(`\nCannot run here: ${notRun.join(', ')}`)
  if (failed.length > 0) return say(`\nFailed: ${failed.join(', ')} (seed ${values.seed})`, 1)
  return say(notRun.length > 0 ? 'All others hold.' : '\nAll hold.')
}

type Outcome = 'holds' | 'failed' | 'cannot run here'

/** Runs one case in a lab of its own and prints its numbers. */
async function runCase(id: string, options: { seed: number; slack: number; size: 'full' | 'short' }): Promise<Outcome> {
  const { about, run } = CASES[id] ?? { about: '', run: async () => ({}) }
  say(`\n${id}  ${about}  (seed ${options.seed})`)
  const startedAt = performance.now()
  const lab = new Lab({ ...options, tell: (line) => process.stdout.isTTY && process.stdout.write(`\r  ${line}   `) })
  const closeAndExit = () => void lab.close().finally(() => process.exit(130))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, closeAndExit)
  try {
    const numbers = { ...(await run(lab)), seconds: Math.round((performance.now() - startedAt) / 1000) }
    for (const [name, value] of Object.entries(numbers)) say(`  ${String(value).padStart(8)}  ${name}`)
    return 'holds'
  } catch (error) {
    if (error instanceof CannotRunHere) {
      say(`  CANNOT RUN HERE: ${error.message}`)
      return 'cannot run here'
    }
    say(`  FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return 'failed'
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, closeAndExit)
    await lab.close()
  }
}

function say(text: string, code = 0): number {
  process.stdout.write(`${text}\n`)
  return code
}
