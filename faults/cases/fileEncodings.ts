import type { Lab, Numbers } from '../lab/Lab.ts'
import { check } from '../lab/check.ts'
import { checkEnd, importFile, importSite, peopleOf, type Refusal } from '../lab/importFiles.ts'

const NAMES = ['João', 'Conceição', 'ÁGUA É VIDA', 'Zoë', 'Ñandú']
const TABLE = ['nome;telefone', ...NAMES.map((name, n) => `${name};1198765000${n}`), ''].join('\r\n')

type Try = { name: string; bytes: Buffer; names?: string[]; refusal?: Refusal }

const utf16 = (text: string) => Buffer.from(text, 'utf16le')
const latin = (text: string) => Buffer.from(text, 'latin1')
const with_ = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

const TRIES: Try[] = [
  { name: 'UTF-8', bytes: Buffer.from(TABLE) },
  { name: 'UTF-8 with its mark', bytes: Buffer.from(`\ufeff${TABLE}`) },
  { name: 'UTF-16 LE', bytes: utf16(`\ufeff${TABLE}`) },
  { name: 'UTF-16 BE', bytes: utf16(`\ufeff${TABLE}`).swap16() },
  { name: 'UTF-16 LE without its mark', bytes: utf16(TABLE) },
  { name: 'UTF-16 BE without its mark', bytes: utf16(TABLE).swap16() },
  { name: 'windows-1252', bytes: latin(TABLE) },
  {
    name: 'windows-1252 after a long plain beginning',
    bytes: Buffer.concat([Buffer.from(`nome;telefone\n${'Ana;1\n'.repeat(50_000)}`), latin('João;11987650000\n')]),
    names: ['João'],
  },
  {
    name: 'UTF-8 with one line of windows-1252',
    bytes: Buffer.concat([
      Buffer.from('nome;telefone\nJoão;11987650000\nZoë;11987650001\n'),
      latin('Ré;11987650002\n'),
    ]),
    refusal: { reason: 'BAD_ENCODING', line: 4 },
  },
  {
    name: 'windows-1252 with lines of UTF-8',
    bytes: Buffer.concat([latin('nome;telefone\nRé;11987650000\n'), Buffer.from('João;11987650001\n')]),
    refusal: { reason: 'BAD_ENCODING', line: 2 },
  },
  {
    name: 'invalid bytes',
    bytes: with_('nome;telefone\nJo', [0x81], 'o;11987650000\n'),
    refusal: { reason: 'BAD_ENCODING', line: 2 },
  },
  {
    name: 'a character cut off at the end',
    bytes: with_('nome;telefone\nJoã', [0xc3]),
    refusal: { reason: 'BAD_ENCODING', line: 2 },
  },
  {
    name: 'a Mac of old',
    bytes: with_('nome;telefone\nJo', [0x8b], 'o;11987650000\n'),
    refusal: { reason: 'BAD_ENCODING', line: 2 },
  },
]

/** The same table in every encoding: the right text or a clear refusal, and no mark before the first header. */
export async function fileEncodings(lab: Lab): Promise<Numbers> {
  const { site } = await importSite(lab)
  for (const { name, bytes, names = NAMES, refusal = null } of TRIES) {
    const row = await importFile(lab, site, bytes)
    checkEnd(name, row, refusal)
    if (refusal !== null) continue
    const people = await peopleOf(site, row)
    const read = people.map((person) => person.variables['nome'])
    check(
      people.length === names.length && names.every((each, n) => read[n] === each && people[n]?.name === each),
      `${name}: the names were read as ${read.join(', ')}.`,
    )
    check(row.columns[0] === 'nome', `${name}: the first header is ${JSON.stringify(row.columns[0])}.`)
  }
  const refused = TRIES.filter(({ refusal }) => refusal !== undefined).length
  return { 'files read right': TRIES.length - refused, 'files refused with their line': refused }
}
