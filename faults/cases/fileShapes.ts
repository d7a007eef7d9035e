import type { Lab, Numbers } from '../lab/Lab.ts'
import { check } from '../lab/check.ts'
import { checkEnd, importFile, importSite, peopleOf, type Refusal } from '../lab/importFiles.ts'
import { peakRssDuring, rssMiB } from '../lab/observe.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const MAX_MORE_MB = 50

type Shape = { name: string; file: () => string; refusal?: Refusal; names?: string[]; lines?: number[] }

const TWO = { names: ['Ana', 'Bia'], lines: [2, 3] }
const many = (count: number, of: (n: number) => string) => Array.from({ length: count }, (_, n) => of(n))

const SHAPES: Shape[] = [
  ...[';', ',', '\t', '|'].flatMap((cell) =>
    ['\n', '\r\n', '\r'].map((end) => ({
      name: `cells apart by ${JSON.stringify(cell)}, lines by ${JSON.stringify(end)}`,
      file: () => ['nome,telefone', 'Ana,11987650000', 'Bia,11987650001', ''].join(end).replaceAll(',', cell),
      ...TWO,
    })),
  ),
  {
    name: 'line ends and quotes within cells',
    file: () => 'nome;telefone\n"Ana\r\nMaria";11987650000\n"Bia ""B"" Reis";11987650001\n',
    names: ['Ana\r\nMaria', 'Bia "B" Reis'],
    lines: [2, 4],
  },
  { name: 'repeated and empty headers', file: () => 'nome;;Nome;telefone;\nAna;a;b;11987650000;c\n', names: ['Ana'] },
  { name: 'no line end at the end', file: () => 'nome;telefone\nAna;11987650000\nBia;11987650001', ...TWO },
  {
    name: 'a quote that never closes',
    file: () => `nome;telefone\nAna;11987650000\nBia;"11987650001\n${'Caio;11987650002\n'.repeat(200_000)}`,
    refusal: { reason: 'UNCLOSED_QUOTE', line: 3 },
  },
  {
    name: '10,000 columns',
    file: () => `${many(10_000, (n) => `c${n}`).join(';')}\n`.repeat(3),
    refusal: { reason: 'TOO_MANY_COLUMNS', line: 1 },
  },
  {
    name: 'a field of 10 MB',
    file: () => `nome;telefone\nAna;11987650000\n${'x'.repeat(10_000_000)};11987650001\n`,
    refusal: { reason: 'ROW_TOO_LARGE', line: 3 },
  },
  { name: 'nothing', file: () => '', refusal: { reason: 'EMPTY_FILE', line: null } },
  { name: 'blank lines', file: () => '\n\r\n\n', refusal: { reason: 'EMPTY_FILE', line: null } },
  { name: 'a header alone', file: () => 'nome;telefone\n', refusal: { reason: 'NO_ROWS', line: null } },
  { name: 'no phone anywhere', file: () => 'a;b\nc;d\n', refusal: { reason: 'NO_PHONE_COLUMN', line: 1 } },
]

/** Files of every shape: each read as it is meant, or refused with the line; none makes the process grow. */
export async function fileShapes(lab: Lab): Promise<Numbers> {
  const { site, server } = await importSite(lab)
  let most = 0
  for (const shape of SHAPES) most = Math.max(most, await readShape(lab, site, server, shape))
  const refused = SHAPES.filter(({ refusal }) => refusal !== undefined).length
  return { 'files read': SHAPES.length - refused, 'files refused': refused, 'most RSS more than before, MB': most }
}

async function readShape(lab: Lab, site: Site, server: ServerProcess, shape: Shape): Promise<number> {
  const { name, refusal = null, names = [], lines } = shape
  const file = shape.file()
  const before = rssMiB(server)
  const peak = await peakRssDuring(server, async () => {
    const row = await importFile(lab, site, file)
    checkEnd(name, row, refusal)
    const people = await peopleOf(site, row)
    check(
      people.length === names.length && people.every((person, n) => person.name === names[n]),
      `${name}: read as ${JSON.stringify(people)}.`,
    )
    check(
      lines === undefined || people.every((person, n) => person.line === lines[n]),
      `${name}: the rows were counted as ${people.map(({ line }) => line).join(', ')}.`,
    )
  })
  const more = Math.max(0, Math.round(peak - before))
  check(more <= MAX_MORE_MB, `${name}: the process grew by ${more} MB.`)
  return more
}
