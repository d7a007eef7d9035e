import { inspect, parseArgs } from 'node:util'
import { CASES } from './cases/index.ts'
import { CannotRunHere } from './lab/check.ts'
import { Lab, type Numbers } from './lab/Lab.ts'
import { recordResult, writeReport, type Outcome } from './lab/report.ts'

process.env['TZ'] = 'UTC'

const USAGE = `npm run faults -- [ids] [--seed N] [--short] [--slack N] [--minutes N] [--report]
  ids       cases to run; without any all but those that run by their name only (--list says which)
  --seed    repeats the random moments of a run
  --short   few rounds, as in the test suite
  --slack   multiplies the time limits, for a machine that does other work as well
  --minutes how long the soak lasts (20)
  --report  keeps the results of this run and writes the table of docs/guarantees.md`

const TOLD_EVERY_MS = 30_000

type Options = { seed: number; slack: number; minutes?: number; size: 'full' | 'short' }

process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      slack: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      short: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return say(USAGE)
  if (values.list) return say(listOfCases())
  const unknown = positionals.filter((id) => CASES[id] === undefined)
  if (unknown.length > 0) return say(`No such case: ${unknown.join(', ')}. See --list.`, 2)
  const options: Options = {
    seed: Number(values.seed),
    slack: Number(values.slack),
    size: values.short ? 'short' : 'full',
    ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
  }
  return runCases(positionals.length > 0 ? positionals : usualCases(), options, values.report)
}

function usualCases(): string[] {
  return Object.keys(CASES).filter((id) => CASES[id]?.byNameOnly !== true)
}

function listOfCases(): string {
  return Object.entries(CASES)
    .map(([id, { about, byNameOnly }]) => `${id.padEnd(16)}${about}${byNameOnly === true ? ' (by name only)' : ''}`)
    .join('\n')
}

async function runCases(ids: string[], options: Options, reports: boolean): Promise<number> {
  const by: Record<Outcome, string[]> = { holds: [], failed: [], 'cannot run here': [] }
  for (const id of ids) {
    const result = await runCase(id, options)
    by[result.outcome].push(id)
    if (!reports) continue
    recordResult(id, { ...result, ...options })
    writeReport(CASES)
  }
  if (by['cannot run here'].length > 0) say(`\nCannot run here: ${by['cannot run here'].join(', ')}`)
  if (by.failed.length > 0) return say(`\nFailed: ${by.failed.join(', ')} (seed ${options.seed})`, 1)
  return say(by['cannot run here'].length > 0 ? 'All others hold.' : '\nAll hold.')
}

type Result = { outcome: Outcome; reason: string | null; numbers: Numbers; seconds: number }

/** Runs one case in a lab of its own and prints its numbers. */
async function runCase(id: string, options: Options): Promise<Result> {
  const { about, run } = CASES[id] ?? { about: '', run: async () => ({}) }
  say(`\n${id}  ${about}  (seed ${options.seed})`)
  const startedAt = performance.now()
  const seconds = () => Math.round((performance.now() - startedAt) / 1000)
  const lab = new Lab({ ...options, tell: createTeller() })
  const closeAndExit = () => void lab.close().finally(() => process.exit(130))
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, closeAndExit)
  try {
    const numbers = await run(lab)
    for (const [name, value] of Object.entries({ ...numbers, seconds: seconds() }))
      say(`  ${String(value).padStart(8)}  ${name}`)
    return { outcome: 'holds', reason: null, numbers, seconds: seconds() }
  } catch (error) {
    const isLacking = error instanceof CannotRunHere
    const outcome = isLacking ? 'cannot run here' : 'failed'
    const reason = reasonOf(error)
    say(`  ${outcome.toUpperCase()}: ${isLacking ? reason : inspect(error)}`)
    return { outcome, reason, numbers: {}, seconds: seconds() }
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, closeAndExit)
    await lab.close()
  }
}

/** With what lies behind it: fetch says no more than "fetch failed" of its own accord. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** What a case is doing: at once for who watches, now and then for who reads it later. */
function createTeller(): (line: string) => void {
  if (process.stdout.isTTY) return (line) => process.stdout.write(`\r  ${line}   `)
  let due = performance.now() + TOLD_EVERY_MS
  return (line) => {
    if (performance.now() < due) return
    due = performance.now() + TOLD_EVERY_MS
    say(`  … ${line}`)
  }
}

function say(text: string, code = 0): number {
  process.stdout.write(`${text}\n`)
  return code
}
