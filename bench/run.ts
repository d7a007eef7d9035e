import { mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildWebIfMissing } from '../scripts/buildWeb.ts'
import { dispatch } from './cases/dispatch.ts'
import { expansion } from './cases/expansion.ts'
import { idle } from './cases/idle.ts'
import { importRows } from './cases/import.ts'
import { progress } from './cases/progress.ts'
import { start } from './cases/start.ts'
import type { BenchCase } from './lib/BenchCase.ts'
import { Lab, type LabOptions } from './lib/Lab.ts'
import { describeMachine, machineLines } from './lib/machine.ts'
import type { Measurement } from './lib/measurement.ts'
import { tableLines } from './lib/table.ts'

process.env['TZ'] = 'UTC'

const CASES: readonly BenchCase[] = [start, idle, importRows, dispatch, progress, expansion]

const USAGE = `npm run bench -- [case …] [options]

${CASES.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}

  --rounds N       rounds of each measurement, 5 when not said (memory and imports take 3 at most)
  --json FILE      also write every single result there
  --large          also the sizes that take minutes (1,000,000 recipients)
  --profile DIR    write CPU profiles and statement statistics of the dispatch there; slows it down
`

const INTERRUPTED = 'interrupted'

type Outcome = { case: string; seconds: number; measurements: Measurement[]; error: string | null }

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === null) return 2
  await buildWebIfMissing()
  const machine = describeMachine()
  say(machineLines(machine).join('\n'))
  const outcomes: Outcome[] = []
  for (const benchCase of options.cases) {
    outcomes.push(await runCase(benchCase, options.lab))
    if (outcomes.at(-1)?.error === INTERRUPTED) break
  }
  say('')
  const measurements = outcomes.flatMap((outcome) => outcome.measurements)
  if (measurements.length > 0) process.stdout.write(`${tableLines(measurements).join('\n')}\n`)
  if (options.json !== null) {
    const report = { at: new Date().toISOString(), machine, rounds: options.lab.rounds, outcomes }
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  }
  const failed = outcomes.filter((outcome) => outcome.error !== null)
  for (const { case: name, error } of failed) process.stdout.write(`\n${name} could not be measured: ${error}\n`)
  return failed.length > 0 ? 1 : 0
}

function readOptions(): { cases: readonly BenchCase[]; lab: LabOptions; json: string | null } | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        json: { type: 'string' },
        large: { type: 'boolean', default: false },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    const rounds = Number(values.rounds)
    const unknown = positionals.filter((name) => !CASES.some((benchCase) => benchCase.name === name))
    if (values.help || unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1)
      throw new Error(unknown.join(', '))
    const profileDir = values.profile === undefined ? null : resolve(values.profile)
    if (profileDir !== null) mkdirSync(profileDir, { recursive: true })
    return {
      cases: positionals.length === 0 ? CASES : CASES.filter(({ name }) => positionals.includes(name)),
      lab: { rounds, large: values.large, profileDir, say: (text) => say(`  ${text}`) },
      json: values.json === undefined ? null : resolve(values.json),
    }
  } catch (error) {
    say(`${error instanceof Error && error.message !== '' ? `${error.message}?\n\n` : ''}${USAGE}`)
    return null
  }
}

/** One case in a lab of its own. Whatever happens, nothing of it is left when this returns. */
async function runCase(benchCase: BenchCase, options: LabOptions): Promise<Outcome> {
  say(`\n${benchCase.name}: ${benchCase.about}`)
  const lab = new Lab(options)
  const startedAt = performance.now()
  const outcome: Outcome = { case: benchCase.name, seconds: 0, measurements: [], error: null }
  const interrupt = Promise.withResolvers<never>()
  const signals = ['SIGINT', 'SIGTERM'] as const
  const onSignal = () => interrupt.reject(new Error(INTERRUPTED))
  for (const signal of signals) process.once(signal, onSignal)
  const limit = setTimeout(
    () => interrupt.reject(new Error(`longer than ${benchCase.limitMinutes} minutes`)),
    benchCase.limitMinutes * 60_000,
  )
  try {
    outcome.measurements = await Promise.race([benchCase.run(lab), interrupt.promise])
  } catch (error) {
    outcome.error = error instanceof Error ? error.message : String(error)
    say(`  ${outcome.error}`)
  } finally {
    clearTimeout(limit)
    for (const signal of signals) process.off(signal, onSignal)
    await lab.end()
  }
  outcome.seconds = (performance.now() - startedAt) / 1000
  return outcome
}

/** What goes on meanwhile, on standard error; the table alone goes to standard output. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
