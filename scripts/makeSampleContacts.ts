import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/** Rows of the sample without its header. */
const ROWS = 5000
/** Another seed makes another list; the committed one was made with this. */
const SEED = 20_240_511
const TARGET = fileURLToPath(new URL('../examples/contatos.csv', import.meta.url))

type Person = { name: string; city: string; ddd: string; subscriber: string }
type Random = { below(limit: number): number; pick<T>(from: readonly T[]): T; digits(count: number): string }

const FIRST_NAMES =
  'Ana,Antônio,Beatriz,Bruno,Caio,Camila,Cecília,César,Conceição,Daniel,Débora,Diego,Eduarda,Elaine,Érica,Fábio,Fernanda,Flávia,Gabriel,Gisele,Glória,Heitor,Helena,Ícaro,Igor,Inês,Isabela,João,Joaquim,Jorge,José,Júlia,Júlio,Karina,Kauã,Larissa,Laís,Leandro,Letícia,Luís,Luíza,Márcia,Marcos,Mariana,Mário,Matheus,Nádia,Natália,Nelson,Otávio,Patrícia,Paulo,Pedro,Rafaela,Raíssa,Renan,Rita,Roberta,Rogério,Sandra,Sérgio,Sílvia,Sônia,Tainá,Tânia,Thiago,Úrsula,Valéria,Vânia,Vinícius,Vitória,Wesley,Yasmin,Zélia'.split(
    ',',
  )
const FAMILY_NAMES =
  'Almeida,Alves,Araújo,Barbosa,Barros,Brandão,Cardoso,Carvalho,Castro,Conceição,Correia,Costa,Dias,dos Santos,Esteves,Farias,Fernandes,Ferreira,Freitas,Gomes,Gonçalves,Guimarães,Leão,Lima,Lopes,Magalhães,Maia,Marques,Martins,Melo,Mendes,Monteiro,Moraes,Moreira,Nascimento,Neves,Nogueira,Nunes,Oliveira,Pacheco,Peixoto,Pereira,Pinto,Pires,Ramos,Reis,Ribeiro,Rocha,Rodrigues,Sá,Santana,Silva,Simões,Souza,Tavares,Teixeira,Vieira,Xavier'.split(
    ',',
  )
const CITIES: readonly [city: string, ddd: string][] = [
  ['São Paulo', '11'],
  ['Guarulhos', '11'],
  ['Santos', '13'],
  ['Campinas', '19'],
  ['Ribeirão Preto', '16'],
  ['Rio de Janeiro', '21'],
  ['Niterói', '21'],
  ['Vitória', '27'],
  ['Belo Horizonte', '31'],
  ['Uberlândia', '34'],
  ['Curitiba', '41'],
  ['Londrina', '43'],
  ['Florianópolis', '48'],
  ['Porto Alegre', '51'],
  ['Santa Maria', '55'],
  ['Brasília', '61'],
  ['Goiânia', '62'],
  ['Cuiabá', '65'],
  ['Salvador', '71'],
  ['Aracaju', '79'],
  ['Recife', '81'],
  ['Fortaleza', '85'],
  ['Belém', '91'],
  ['Manaus', '92'],
  ['São Luís', '98'],
]
const COMPANIES = [
  '',
  '',
  '',
  'Padaria Pão Quente',
  'Mercadinho São Jorge',
  'Oficina do Zé',
  'Clínica Bem-Estar',
  'Açaí & Cia',
  'Ótica Visão',
  'Pet Shop Au-Au',
  'Construções "Boa Obra"',
  'Escola Aprender; Brincar',
]
const PRODUCTS = [
  '',
  'Café especial',
  'Pão de queijo',
  'Plano anual',
  'Corte + barba',
  'Ração 10 kg',
  'Óculos de sol',
  'Açaí 500 ml',
  'Mensalidade',
]
const EMOJI = ['🦜', '⭐', '❤️', '👩🏽‍🔧', '🇧🇷', '🙏🏾']

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
const BROKEN: readonly [count: number, field: (person: Person, random: Random) => string][] = [
  [45, () => ''],
  [8, () => '-'],
  [12, () => 'não tem'],
  [28, ({ ddd, subscriber }) => `${`5,5${ddd}${subscriber.slice(0, 3)}`}E+12`],
  [35, ({ subscriber }) => halves(subscriber, '-')],
  [20, ({ subscriber }) => halves(subscriber.slice(1), '-')],
  [25, ({ ddd, subscriber }) => `(${ddd}) ${subscriber.slice(0, 5)}`],
  [15, ({ subscriber }, r) => `(${r.pick(['20', '23', '30', '52', '90'])}) ${halves(subscriber, '-')}`],
  [12, ({ ddd, subscriber }) => `${ddd}${subscriber}${subscriber.slice(0, 4)}`],
  [10, ({ ddd, subscriber }) => `${ddd} ${halves(subscriber, '-').slice(0, -1)}O`],
  [6, ({ ddd, subscriber }) => `${ddd} ${subscriber.slice(0, 5)}-${subscriber.slice(5, 7)}**`],
  [8, () => 'cliente@exemplo.com.br'],
  [6, (_, r) => `+999 ${r.digits(9)}`],
]

/** The sample: a header and `ROWS` rows, always the same for the same seed. */
export function makeSample(seed = SEED, rows = ROWS): string {
  const random = createRandom(seed)
  const lines: string[][] = []
  const people: Person[] = []
  for (const [count, field] of BROKEN) {
    for (let i = 0; i < count; i++) {
      const person = makePerson(random)
      lines.push(rowOf(person, field(person, random), random))
    }
  }
  for (let i = 0; i < 6; i++) lines.push(shiftedRow(makePerson(random), random))
  while (lines.length < rows) lines.push(usableRow(people, random))
  return `\ufeff${[['nome', 'telefone', 'cidade', 'empresa', 'produto'], ...shuffled(lines, random)].map(csvLine).join('')}`
}

/** An unquoted `;` in the company's name moves the rest to the right. */
function shiftedRow(person: Person, random: Random): string[] {
  const row = rowOf(person, spell(person, random), random)
  return [...row.slice(0, 3), 'Escola Aprender', ' Brincar', 'Mensalidade']
}

function usableRow(people: Person[], random: Random): string[] {
  const kind = random.below(1000)
  const known = people.length > 0 ? random.pick(people) : makePerson(random)
  // The same person again, otherwise spelt, half of the time without the ninth digit where there is one.
  if (kind < 45) return rowOf(known, spell(random.below(2) === 0 ? withoutNinth(known) : known, random), random)
  if (kind < 70) return rowOf(makePerson(random), foreignNumber(random), random)
  const person = kind < 120 ? makeLandline(random) : makePerson(random)
  people.push(person)
  return rowOf(person, fieldOf(person, kind, random), random)
}

function fieldOf(person: Person, kind: number, random: Random): string {
  const usual = spell(person, random)
  if (kind < 170) return spell(withoutNinth(person), random)
  if (kind >= 990)
    return `(${person.ddd}) ${halves(person.subscriber, '-')} / (${person.ddd}) ${halves(makePerson(random).subscriber, '-')}`
  if (kind >= 985)
    return `${person.ddd} ${halves(person.subscriber, '-')} ou ${person.ddd} ${halves(makeLandline(random).subscriber, '-')}`
  if (kind >= 981) return `(${person.ddd}) ${halves(person.subscriber, '-')} / ${random.below(10)}`
  if (kind >= 976)
    return `(${person.ddd}) ${halves(person.subscriber, '-')} ${random.pick(['recado com a mãe', '(WhatsApp)', 'só à tarde'])}`
  return usual
}

function foreignNumber(random: Random): string {
  for (;;) {
    const number = random.pick(FOREIGN)(random)
    const plain = number
      .replace(/^00/, '+')
      .replace('(0)', '')
      .replace(/^\+52 1/, '+52')
    if (parsePhoneNumberFromString(plain)?.isValid()) return number
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
