import type { Lab, Numbers } from '../lab/Lab.ts'
import { check } from '../lab/check.ts'
import { createUser } from '../lab/channels.ts'
import { importFile, peopleOf } from '../lab/importFiles.ts'

const FILES = 5

/** Digits of other scripts. */
const digitsFrom = (zero: number) => (text: string) =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

const MOBILE: ((area: string, number: string) => string)[] = [
  (area, number) => `(${area}) ${number}`,
  (area, number) => `+55 (${area}) ${number.slice(0, 5)}-${number.slice(5)}`,
  (area, number) => `0055${area}${number}`,
  (area, number) => `0xx${area} ${number}`,
  (area, number) => `0 15 ${area} ${number}`,
  (area, number) => digitsFrom(0xff10)(`${area}${number}`),
  (area, number) => digitsFrom(0x0660)(`+55${area}${number}`),
  (area, number) => `  ${area}\u00a0${number} `,
  (area, number) => `${area} ${number.slice(1)}`,
  (area, number) => `55${area}${number.slice(1)}@s.whatsapp.net`,
]

/**
 * The same people in ten spellings each, with and without the ninth digit, in five files read by several processes: everybody is one
 * contact, the rest is counted as repetition, and a landline is never taken for a mobile.
 */
export async function samePeople(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(20_000, 300)
  const site = await lab.externalSite()
  await site.start('api')
  await createUser(site)
  const workers = lab.rounds(FILES, 2)
  await Promise.all(Array.from({ length: workers }, () => site.start('worker')))
  const rows = Array.from({ length: size }, (_, n) => ({ area: String(11 + (n % 9)), number: `9${80_000_000 + n}` }))
  const lines = rows.flatMap(({ area, number }, n) => [
    ...MOBILE.map((spell) => `Pessoa ${n};${spell(area, number)}`),
    `Fixo ${n};${area} ${30_000_000 + n}`,
    `Fixo ${n} de novo;+55${area}${30_000_000 + n}`,
  ])
  const files = Array.from({ length: FILES }, () => `nome;telefone\n${shuffled(lab, lines).join('\n')}\n`)
  const imports = await Promise.all(files.map((file) => importFile(lab, site, file)))
  for (const row of imports) {
    check(
      row.accepted === 2 * size && row.duplicates === lines.length - 2 * size && row.rejected === 0,
      `Of ${lines.length} rows ${row.accepted} were accepted, ${row.duplicates} repeated, ${row.rejected} refused.`,
    )
  }
  const created = imports.reduce((sum, row) => sum + row.created, 0)
  check(created === 2 * size, `${created} contacts were created for ${2 * size} people.`)
  const [first] = imports
  const phones = first === undefined ? [] : (await peopleOf(site, first)).map(({ phone }) => phone)
  const expected = new Set(
    rows.flatMap(({ area, number }, n) => [`+55${area}${number}`, `+55${area}${30_000_000 + n}`]),
  )
  check(
    phones.length === expected.size && phones.every((phone) => expected.has(phone)),
    `Somebody else is in the contacts: ${phones.find((phone) => !expected.has(phone))}`,
  )
  return {
    'files at once': FILES,
    workers,
    'rows in each': lines.length,
    people: 2 * size,
    'repetitions counted': lines.length - 2 * size,
  }
}

function shuffled(lab: Lab, lines: string[]): string[] {
  const mixed = lines.map((line) => ({ line, at: lab.random.between(0, 1) }))
  return mixed.toSorted((a, b) => a.at - b.at).map(({ line }) => line)
}
