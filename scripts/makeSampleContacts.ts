import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RejectReason, WarningReason } from '#contract/imports.ts'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { CITIES, COMPANIES, EMOJI, FAMILY_NAMES, FIRST_NAMES, PRODUCTS } from './sampleNames.ts'

/** Rows of the sample without its header. */
const ROWS = 5000
/** Another seed makes another list; the committed one was made with this. */
const SEED = 20_240_511
const HEADER = ['nome', 'telefone', 'cidade', 'empresa', 'produto']
const TARGET = fileURLToPath(new URL('../examples/contatos.csv', import.meta.url))

/** What whoever wrote a line meant by its field: known before it was spelt, and without asking the product. */
export type Meant = { phone: string; others?: string[]; warning?: WarningReason } | { reason: RejectReason }
/** A row of the sample; `line` is where it begins in the file. */
export type SampleRow = { line: number; cells: string[]; meant: Meant }
type Line = Omit<SampleRow, 'line'>

type Person = { name: string; city: string; ddd: string; subscriber: string }
type Random = { below(limit: number): number; pick<T>(from: readonly T[]): T; digits(count: number): string }

/** Ways in which Brazilian lists carry a number; the first ones are the most common. */
const SPELLINGS: readonly ((ddd: string, s: string) => string)[] = [
  (ddd, s) => `(${ddd}) ${halves(s, '-')}`,
  (ddd, s) => `(${ddd}) ${halves(s, '-')}`,
  (ddd, s) => ddd + s,
  (ddd, s) => ddd + s,
  (ddd, s) => `55${ddd}${s}`,
  (ddd, s) => `+55 ${ddd} ${halves(s, '-')}`,
  (ddd, s) => `+55 (${ddd}) ${halves(s, '-')}`,
  (ddd, s) => `${ddd} ${halves(s, '-')}`,
  (ddd, s) => `${ddd} ${halves(s, ' ')}`,
  (ddd, s) => `(${ddd})${s}`,
  (ddd, s) => `0${ddd} ${halves(s, '-')}`,
  (ddd, s) => `(0${ddd}) ${halves(s, '-')}`,
  (ddd, s) => `0xx${ddd} ${halves(s, '-')}`,
  (ddd, s) => `0 15 ${ddd} ${halves(s, '-')}`,
  (ddd, s) => `${ddd}.${halves(s, '.')}`,
  (ddd, s) => `${ddd}-${halves(s, '-')}`,
  (ddd, s) => `0055${ddd}${s}`,
  (ddd, s) => ` ${ddd}\u00a0${halves(s, '\u2011')} `,
  (ddd, s) => `55${ddd}${s}@s.whatsapp.net`,
  (ddd, s) => `https://wa.me/55${ddd}${s}`,
  (ddd, s) => `${ddd}/${halves(s, '-')}`,
  (ddd, s) => [...`${ddd}${s}`].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join(''),
]

const FOREIGN: readonly ((random: Random) => string)[] = [
  (r) => `+351 91${r.below(10)} ${r.digits(3)} ${r.digits(3)}`,
  (r) => `+351 21 8${r.digits(2)} ${r.digits(4)}`,
  (r) => `+54 9 11 ${2 + r.below(7)}${r.digits(3)}-${r.digits(4)}`,
  (r) => `+598 9${1 + r.below(9)} ${r.digits(3)} ${r.digits(3)}`,
  (r) => `+595 981 ${r.digits(3)} ${r.digits(3)}`,
  (r) => `+1 (305) 555-01${r.digits(2)}`,
  (r) => `0034 6${r.digits(2)} ${r.digits(3)} ${r.digits(3)}`,
  (r) => `+52 1 55 ${1 + r.below(8)}${r.digits(3)} ${r.digits(4)}`,
  (r) => `+44 (0)7700 900${r.digits(3)}`,
  (r) => `+49 1512 ${r.digits(7)}`,
]

/** What is in such lists instead of a number, by how often. */
const BROKEN: readonly [count: number, field: (person: Person, random: Random) => string, reason: RejectReason][] = [
  [45, () => '', 'EMPTY'],
  [8, () => '-', 'EMPTY'],
  [12, () => 'não tem', 'NOT_A_NUMBER'],
  [28, ({ ddd, subscriber }) => `${`5,5${ddd}${subscriber.slice(0, 3)}`}E+12`, 'EXCEL_EXPONENT'],
  [35, ({ subscriber }) => halves(subscriber, '-'), 'MISSING_AREA_CODE'],
  [20, ({ subscriber }) => halves(subscriber.slice(1), '-'), 'MISSING_AREA_CODE'],
  [25, ({ ddd, subscriber }) => `(${ddd}) ${subscriber.slice(0, 5)}`, 'TOO_SHORT'],
  [
    15,
    ({ subscriber }, r) => `(${r.pick(['20', '23', '30', '52', '90'])}) ${halves(subscriber, '-')}`,
    'INVALID_AREA_CODE',
  ],
  [12, ({ ddd, subscriber }) => `${ddd}${subscriber}${subscriber.slice(0, 4)}`, 'TOO_LONG'],
  [10, ({ ddd, subscriber }) => `${ddd} ${halves(subscriber, '-').slice(0, -1)}O`, 'NOT_A_NUMBER'],
  [6, ({ ddd, subscriber }) => `${ddd} ${subscriber.slice(0, 5)}-${subscriber.slice(5, 7)}**`, 'NOT_A_NUMBER'],
  [8, () => 'cliente@exemplo.com.br', 'NOT_A_NUMBER'],
  [6, (_, r) => `+999 ${r.digits(9)}`, 'UNKNOWN_COUNTRY'],
]

/** The sample: a header and `ROWS` rows, always the same for the same seed. */
export function makeSample(seed = SEED, rows = ROWS): string {
  const lines = makeLines(seed, rows).map(({ cells }) => cells)
  return `\ufeff${[HEADER, ...lines].map(csvLine).join('')}`
}

/** The rows of the sample, in its order. */
export function makeSampleRows(seed = SEED, rows = ROWS): SampleRow[] {
  let line = 2
  return makeLines(seed, rows).map((each) => {
    const row = { ...each, line }
    line += 1 + (each.cells.join('').match(/\n/g)?.length ?? 0)
    return row
  })
}

function makeLines(seed: number, rows: number): Line[] {
  const random = createRandom(seed)
  const lines: Line[] = []
  const people: Person[] = []
  for (const [count, field, reason] of BROKEN) {
    for (let i = 0; i < count; i++) {
      const person = makePerson(random)
      lines.push({ cells: rowOf(person, field(person, random), random), meant: { reason } })
    }
  }
  for (let i = 0; i < 6; i++) lines.push(shiftedRow(makePerson(random), random))
  while (lines.length < rows) lines.push(usableRow(people, random))
  return shuffled(lines, random)
}

/** An unquoted `;` in the company's name moves the rest to the right. */
function shiftedRow(person: Person, random: Random): Line {
  const row = rowOf(person, spell(person, random), random)
  return { cells: [...row.slice(0, 3), 'Escola Aprender', ' Brincar', 'Mensalidade'], meant: { reason: 'BROKEN_ROW' } }
}

function usableRow(people: Person[], random: Random): Line {
  const kind = random.below(1000)
  const known = people.length > 0 ? random.pick(people) : makePerson(random)
  // The same person again, otherwise spelt, half of the time without the ninth digit where there is one.
  if (kind < 45) {
    const field = spell(random.below(2) === 0 ? withoutNinth(known) : known, random)
    return { cells: rowOf(known, field, random), meant: { phone: phoneOf(known) } }
  }
  if (kind < 70) {
    const cells = rowOf(makePerson(random), foreignNumber(random), random)
    return { cells, meant: { phone: foreignPhone(cells[1] ?? '') } }
  }
  const person = kind < 120 ? makeLandline(random) : makePerson(random)
  people.push(person)
  const { field, ...more } = fieldOf(person, kind, random)
  return { cells: rowOf(person, field, random), meant: { phone: phoneOf(person), ...more } }
}

type Field = { field: string; others?: string[]; warning?: WarningReason }

function fieldOf(person: Person, kind: number, random: Random): Field {
  const usual = spell(person, random)
  const { ddd } = person
  const own = halves(person.subscriber, '-')
  if (kind < 170) return { field: spell(withoutNinth(person), random) }
  if (kind >= 985) {
    const other = { ...(kind >= 990 ? makePerson(random) : makeLandline(random)), ddd }
    const second = halves(other.subscriber, '-')
    const field = kind >= 990 ? `(${ddd}) ${own} / (${ddd}) ${second}` : `${ddd} ${own} ou ${ddd} ${second}`
    return { field, others: [phoneOf(other)], warning: 'SEVERAL_NUMBERS' }
  }
  if (kind >= 981) {
    const digit = String(random.below(10))
    return { field: `(${ddd}) ${own} / ${digit}`, others: [digit], warning: 'SHORTHAND_NUMBER' }
  }
  if (kind >= 976) {
    const note = random.pick(['recado com a mãe', '(WhatsApp)', 'só à tarde'])
    return { field: `(${ddd}) ${own} ${note}`, warning: 'TEXT_IGNORED' }
  }
  return { field: usual }
}

function phoneOf({ ddd, subscriber }: Person): string {
  return `+55${ddd}${subscriber}`
}

/** The templates name their country; what a person leaves out when dialling is taken away. */
function foreignPhone(field: string): string {
  return `+${international(field).replace(/\D/g, '')}`
}

function international(number: string): string {
  return number
    .replace(/^00/, '+')
    .replace('(0)', '')
    .replace(/^\+52 1/, '+52')
}

function foreignNumber(random: Random): string {
  for (;;) {
    const number = random.pick(FOREIGN)(random)
    if (parsePhoneNumberFromString(international(number))?.isValid()) return number
  }
}

function makePerson(random: Random): Person {
  const [city, ddd] = random.pick(CITIES)
  return { name: makeName(random), city, ddd, subscriber: `9${6 + random.below(4)}${random.digits(7)}` }
}

function makeLandline(random: Random): Person {
  return { ...makePerson(random), subscriber: `${2 + random.below(4)}${random.digits(7)}` }
}

function withoutNinth(person: Person): Person {
  return person.subscriber.length === 9 ? { ...person, subscriber: person.subscriber.slice(1) } : person
}

function makeName(random: Random): string {
  const name = `${random.pick(FIRST_NAMES)} ${random.pick(FAMILY_NAMES)}`
  const kind = random.below(200)
  if (kind < 8) return name.toUpperCase()
  if (kind < 14) return name.toLowerCase()
  if (kind < 20) return `${name} ${random.pick(EMOJI)}`
  if (kind < 22) return name.normalize('NFD')
  if (kind < 24) return `${name.split(' ')[0]} "${name.slice(0, 2)}" ${name.split(' ').at(-1)}`
  if (kind < 26) return `  ${name} `
  if (kind === 26) return `=${name}`
  if (kind === 27) return `${name.split(' ')[0]}\n${name.split(' ').at(-1)}`
  return kind < 32 ? '' : name
}

function rowOf(person: Person, field: string, random: Random): string[] {
  return [person.name, field, person.city, random.pick(COMPANIES), random.pick(PRODUCTS)]
}

function spell({ ddd, subscriber }: Person, random: Random): string {
  return random.pick(SPELLINGS)(ddd, subscriber)
}

function halves(subscriber: string, between: string): string {
  return `${subscriber.slice(0, -4)}${between}${subscriber.slice(-4)}`
}

function csvLine(cells: string[]): string {
  // The shifted rows are one cell longer and were not quoted by whoever wrote them.
  return `${cells.map((cell) => (/[";\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(';')}\r\n`
}

function shuffled<T>(items: T[], random: Random): T[] {
  const mixed = [...items]
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = random.below(at + 1)
    ;[mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T]
  }
  return mixed
}

/** mulberry32: small, and the same everywhere. */
function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    pick: <T>(from: readonly T[]): T => from[below(from.length)] as T,
    digits: (count) => Array.from({ length: count }, () => below(10)).join(''),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(dirname(TARGET), { recursive: true })
  await writeFile(TARGET, makeSample())
}
