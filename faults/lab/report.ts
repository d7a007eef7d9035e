import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Numbers } from './Lab.ts'

const RESULTS = fileURLToPath(new URL('../results.json', import.meta.url))
const DOCUMENT = fileURLToPath(new URL('../../docs/guarantees.md', import.meta.url))
const BEGIN = '<!-- results: written by `npm run faults -- --report` -->'
const END = '<!-- end of results -->'

export type Outcome = 'holds' | 'failed' | 'cannot run here'

export type CaseResult = {
  outcome: Outcome
  /** Why it failed, or cannot run. */
  reason: string | null
  numbers: Numbers
  seconds: number
  size: 'full' | 'short'
  slack: number
  seed: number
  day: string
  /** Short id of the commit that was checked out. */
  commit: string
  machine: string
}

/** Keeps the result of a case for the report, instead of its former one. */
export function recordResult(id: string, measured: Omit<CaseResult, 'day' | 'commit' | 'machine'>): void {
  const day = new Date().toISOString().slice(0, 10)
  const results = { ...readResults(), [id]: { ...measured, day, commit: currentCommit(), machine: machine() } }
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
}

type ReportedCase = { about: string; byNameOnly?: true }

/** Writes the table of `docs/guarantees.md` from the results kept; a case without one is listed as not run. */
export function writeReport(cases: Record<string, ReportedCase>): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`${DOCUMENT} has lost the marks around its table.`)
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${renderTable(cases, readResults())}\n\n${END}${after}`)
}

/** The table in Markdown, one line per case; halves of cases only where they were run by their name. */
export function renderTable(cases: Record<string, ReportedCase>, results: Record<string, CaseResult>): string {
  const reported = Object.entries(cases).filter(([id, { byNameOnly }]) => byNameOnly !== true || id in results)
  const lines = reported.map(([id, { about }]) => renderLine(id, about, results[id]))
  const machines = [...new Set(Object.values(results).map((result) => result.machine))]
  return [
    ...machines.map((name) => `Measured on: ${name}.`),
    '',
    '| case | what is done, what must come of it | result | measured | run |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function renderLine(id: string, about: string, result: CaseResult | undefined): string {
  if (result === undefined) return `| ${id} | ${escape(about)} | not run | | |`
  const numbers = Object.entries(result.numbers).map(([name, value]) => `${name}: ${value}`)
  const outcome = result.outcome === 'holds' ? 'holds' : `**${result.outcome}**: ${result.reason ?? ''}`
  const how = [result.size === 'short' ? 'short' : '', result.slack === 1 ? '' : `limits × ${result.slack}`]
  const run = [`${result.seconds} s`, ...how.filter(Boolean), `seed ${result.seed}`, result.day, result.commit].join(
    ', ',
  )
  return `| ${id} | ${escape(about)} | ${escape(outcome)} | ${escape(numbers.join('; '))} | ${run} |`
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function readResults(): Record<string, CaseResult> {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, CaseResult>) : {}
}

function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'no commit'
  }
}

function machine(): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GB, ${process.platform}, Node ${process.versions.node}`
}
