import { parseArgs } from 'node:util'
import { CASES } from './cases/index.ts'
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
  const failed: string[] = []
  for (const id of positionals.length > 0 ? positionals : Object.keys(CASES)) {
    if (
      !(await runCase(id, {
        seed: Number(values.seed),
        slack: Number(values.slack),
        size: values.short ? 'short' : 'full',
      }))
    )
      failed.push(id)
  }
  return say(
    failed.length === 0 ? '\nAll hold.' : `\nFailed: ${failed.join(', ')} (seed ${values.seed})`,
    failed.length === 0 ? 0 : 1,
  )
}

/** Runs one case in a lab of its own and prints its numbers; false when it failed. */
async function runCase(id: string, options: { seed: number; slack: number; size: 'full' | 'short' }): Promise<boolean> {
  const { about, run } = CASES[id] ?? { about: '', run: async () => ({}) }
  say(`\n${id}  ${about}  (seed ${options.seed})`)
  const startedAt = performance.now()
  const lab = new Lab({ ...options, tell: (line) => process.stdout.isTTY && process.stdout.write(`\r  ${line}   `) })
  const closeAndExit = () => void lab.close().finally(() => process.exit(130))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, closeAndExit)
  try {
    const numbers = { ...(await run(lab)), seconds: Math.round((performance.now() - startedAt) / 1000) }
    for (const [name, value] of Object.entries(numbers)) say(`  ${String(value).padStart(8)}  ${name}`)
    return true
  } catch (error) {
    say(`  FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return false
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, closeAndExit)
    await lab.close()
  }
}

function say(text: string, code = 0): number {
  process.stdout.write(`${text}\n`)
  return code
}
