import type { Lab, Numbers } from '../lab/Lab.ts'
import { check } from '../lab/check.ts'
import { downloadRows, downloadText, importFile, importSite, peopleOf } from '../lab/importFiles.ts'

const NAMES = [
  '=HYPERLINK("http://x.example";"clique")',
  "=cmd|'/c calc'!A0",
  '+1+1',
  '-1-1',
  '@SUM(1)',
  '＝1',
  '＋1',
  '－1',
  '＠x',
  "'=já guardado",
  "''=duas vezes",
  'Ana "A" Reis',
  'Rio;Niterói',
  'linha\nlinha',
  'linha\r\n=linha',
]

const FORMULA = /^[=+\-@\t\r＝＋－＠]/
const E164 = /^\+\d{7,15}$/

/**
 * Names that a spreadsheet would compute, refused and downloaded: none of them is a formula there, everything is quoted,
 * and the file imported again with its phones mended brings back the names as they were.
 */
export async function exportFormulas(lab: Lab): Promise<Numbers> {
  const { site } = await importSite(lab)
  const originals = NAMES.map((name) => name.trim())
  const first = await importFile(
    lab,
    site,
    `nome;telefone\n${NAMES.map((name) => `${quote(guarded(name))};falta`).join('\n')}\n`,
  )
  check(first.rejected === NAMES.length, `Of ${NAMES.length} rows ${first.rejected} were refused.`)
  const text = await downloadText(site, first.id, 'rejected')
  check(/^\ufeff(?:"(?:[^"]|"")*"(?:;|\r\n))+$/.test(text), 'Some cell of the report is not quoted.')
  const [header = [], ...rows] = await downloadRows(site, first.id, 'rejected')
  const formula = rows.flat().find((cell) => FORMULA.test(cell) && !E164.test(cell))
  check(formula === undefined, `A spreadsheet would compute ${formula}.`)
  const mended = rows.map((cells, n) => [cells[0] ?? '', `+55119876500${10 + n}`, ...cells.slice(2)])
  const again = await importFile(lab, site, [header, ...mended].map((cells) => cells.map(quote).join(';')).join('\r\n'))
  check(again.accepted === NAMES.length, `Of the mended rows ${again.accepted} were accepted.`)
  const people = await peopleOf(site, again)
  for (const [n, name] of originals.entries())
    check(people[n]?.name === name, `${JSON.stringify(name)} came back as ${JSON.stringify(people[n]?.name)}.`)
  return { 'names that came back as they were': NAMES.length, 'formulas in the report': 0 }
}

/** As our own downloads write them: what is imported without that would lose an apostrophe of its own. */
function guarded(name: string): string {
  return /^'*[=+\-@\t\r＝＋－＠]/.test(name) ? `'${name}` : name
}

function quote(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`
}
