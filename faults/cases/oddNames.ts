import type { Contact } from '#contract/contacts.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { check } from '../lab/check.ts'
import { importFile, importSite, peopleOf } from '../lab/importFiles.ts'

/** As the contacts keep names and values at most, in UTF-16 units. */
const MAX_NAME = 500
const MAX_VALUE = 4096

const NAMES: [what: string, name: string][] = [
  ['RTL override', '\u202eoirártnoc\u202c fim'],
  ['a family', '👨‍👩‍👧‍👦 Família'],
  ['flags', '🇧🇷🇵🇹🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
  ['composed', 'Jos\u00e9'],
  ['decomposed', 'Jose\u0301'],
  ['line separators', 'a\u2028b\u2029c'],
  ['zero width', 'a\u200bb\ufeffc'],
  ['right to left', 'مريم بنت عمران'],
  ['combining marks', `Z${'\u0303\u0301'.repeat(100)}`],
]

/** Names of every script come out as the bytes that went in, and what is too long is cut between characters. */
export async function oddNames(lab: Lab): Promise<Numbers> {
  const { site } = await importSite(lab)
  const long = [`Z${'\u0301'.repeat(10_000)}`, '🦜'.repeat(3000), `a${'🦜'.repeat(3000)}`]
  const names = [...NAMES.map(([, name]) => name), ...long]
  const file = ['nome;telefone', ...names.map((name, n) => `${name};119876500${10 + n}`), ''].join('\n')
  const row = await importFile(lab, site, file)
  const people = await peopleOf(site, row)
  check(people.length === names.length, `Of ${names.length} people ${people.length} were imported.`)
  for (const [n, [what, name]] of NAMES.entries()) {
    check(people[n]?.name === name && people[n].variables['nome'] === name, `${what}: ${JSON.stringify(people[n])}`)
    const { items } = await site.api.get<{ items: Contact[] }>(`/api/user/contacts?search=%2B55119876500${10 + n}`)
    check(items[0]?.name === name, `${what}: shown as ${JSON.stringify(items[0]?.name)}.`)
  }
  for (const [n, name] of long.entries()) {
    const person = people[NAMES.length + n]
    const value = person?.variables['nome'] ?? ''
    check(
      name.startsWith(value) && value.length <= MAX_VALUE && value.length > MAX_VALUE - 2 && value.isWellFormed(),
      `A text of ${name.length} was cut to ${value.length}, or through a character.`,
    )
    const kept = person?.name ?? ''
    check(name.startsWith(kept) && kept.length <= MAX_NAME && kept.isWellFormed(), `A name was kept as ${kept.length}.`)
  }
  check(row.warnings === long.length, `${row.warnings} of ${long.length} cuts were told.`)
  return { 'names kept byte for byte': NAMES.length, 'texts cut between characters': long.length }
}
