import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const PAGE = 'docs/traceability.md'

/** What was asked for, by the ids of the order: the tasks of the original plan, requirements, properties, expectations. */
export const IDS: readonly string[] = [
  ...tasks({ 1: 6, 2: 4, 3: 3, 4: 5, 5: 7, 6: 6, 7: 7, 8: 4, 9: 2, 10: 2, 11: 2 }),
  ...'S1.1 S1.2 S1.3 S1.4 S1.5 S2.1 S2.2 S2.3 S2.4 S3.1 S3.3 S4.1 S4.3 S4.4 S5.1 S5.3 S5.5 S6.1 S6.3 S6.5'.split(' '),
  ...'S7.1 S7.3 S7.5 S7.6 S8.1 S8.3 S8.4 S9.1 S9.2 S10.1 S10.2 S11.1'.split(' '),
  ...Array.from({ length: 18 }, (_, n) => `P${n + 1}`),
  ...Array.from({ length: 8 }, (_, n) => `B${n + 1}`),
]

/** Not built yet, and the page says so. Whoever builds one takes it off. */
export const NOT_BUILT: readonly string[] = []

/** These ask for a test and nothing else. */
const PROOFS: readonly string[] = ['S1.5', 'S11.1', '11.1', '11.2']
/** Where a path on the page may begin. */
const BASES = ['', 'server/src', 'web/src', 'contract/src']
const PATH = /^(?!\/)[\w@.-]*(?:\/[\w@.-]*)+$|^[\w@.-]+\.(?:ts|tsx|sql|mjs)$/
const TEST = /\.(?:test|spec)\.tsx?$/

type Row = { ids: string[]; cells: string[] }

function tasks(counts: Record<string, number>): string[] {
  return Object.entries(counts).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, n) => `${group}.${n + 1}`),
  )
}

/**
 * What is wrong with the page, one sentence each: an id without a row, a place or a test; a file, a fault case or a test
 * that is named and is not there.
 */
export function checkTraceability(page: string, root: string = ROOT, notBuilt = NOT_BUILT): string[] {
  const rows = readRows(page)
  const cases = readCases(root)
  const named = rows.flatMap((row) => row.cells.flatMap((cell) => checkCell(cell, row.ids.join(', '), root, cases)))
  const missing = IDS.flatMap((id) => checkId(id, rows, root, notBuilt))
  return [...missing, ...named]
}

function checkId(id: string, rows: Row[], root: string, notBuilt: readonly string[]): string[] {
  const own = rows.filter(({ ids }) => ids.includes(id))
  if (own.length === 0) return [`${id} has no row.`]
  const files = own.flatMap(({ cells }) => cells.flatMap((cell) => filesOf(cell, root)))
  const hasTest = files.some(isTest)
  if (notBuilt.includes(id)) return hasTest ? [`${id} has a test now: take it off the list of what is not built.`] : []
  if (!hasTest) return [`${id} has no test.`]
  return files.some((file) => !isTest(file)) || PROOFS.includes(id) ? [] : [`${id} has no place in the code.`]
}

/** A folder of tests counts as one: what is in it runs. */
function isTest(file: string): boolean {
  return TEST.test(file) || file.startsWith('faults/cases/') || file === 'faults/' || file === 'e2e/'
}

function checkCell(cell: string, ids: string, root: string, cases: Set<string>): string[] {
  const wrong: string[] = []
  let last: string | null = null
  for (const [, path, name] of cell.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
    if (path !== undefined) {
      if (!PATH.test(path)) continue
      const found = resolve(path, last, root)
      if (found === null) wrong.push(`${ids}: there is no ${path}.`)
      else last = found
    } else if (name !== undefined && last !== null && TEST.test(last)) {
      if (!readFileSync(join(root, last), 'utf8').includes(name)) wrong.push(`${ids}: ${last} has no test “${name}”.`)
    }
  }
  for (const [, list = ''] of cell.matchAll(/`faults\/`((?:[\s,]+[A-Z]\d{2}\b)+)/g)) {
    for (const id of list.match(/[A-Z]\d{2}/g) ?? []) {
      if (!cases.has(id)) wrong.push(`${ids}: there is no fault case ${id}.`)
    }
  }
  return wrong
}

function filesOf(cell: string, root: string): string[] {
  const files: string[] = []
  for (const [, path = ''] of cell.matchAll(/`([^`]+)`/g)) {
    const found = PATH.test(path) ? resolve(path, files.at(-1) ?? null, root) : null
    if (found !== null) files.push(found)
  }
  return files
}

/** From the root; or beside what was named before it, or beside the folder of that. Null when it is nowhere. */
function resolve(path: string, before: string | null, root: string): string | null {
  const around = before === null ? [] : [before, dirname(before), dirname(dirname(before))]
  const bases = [...BASES, ...around.filter((each) => each !== '.')]
  const base = bases.find((each) => existsSync(join(root, each, path)))
  return base === undefined ? null : join(base, path)
}

/** The rows of all tables, but for their heads. `2.1–2.4` is four ids. */
function readRows(page: string): Row[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|\s*(?:id|task|---)/.test(line))
    .map((line) => {
      const [first = '', ...cells] = line.split('|').slice(1, -1)
      return { ids: idsOf(first), cells }
    })
}

function idsOf(cell: string): string[] {
  const ids: string[] = []
  for (const [, from = '', to] of cell.matchAll(/(?<![\w.])([SPBW]?\d+(?:\.\d+)?)(?:–([SPBW]?\d+(?:\.\d+)?))?/g)) {
    ids.push(from)
    if (to === undefined) continue
    const [head, begin] = split(from)
    for (let n = begin + 1; n <= split(to)[1]; n++) ids.push(`${head}${n}`)
  }
  return ids
}

function split(id: string): [string, number] {
  const [, head = '', last = '0'] = /^(.*?)(\d+)$/.exec(id) ?? []
  return [head, Number(last)]
}

function readCases(root: string): Set<string> {
  const folder = join(root, 'faults/cases')
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
  return new Set(texts.flatMap((text) => [...text.matchAll(/^ {2}([A-Z]\d{2}): \{/gm)].map(([, id = '']) => id)))
}

if (import.meta.main) {
  const wrong = checkTraceability(readFileSync(join(ROOT, PAGE), 'utf8'))
  for (const sentence of wrong) process.stderr.write(`${sentence}\n`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}
