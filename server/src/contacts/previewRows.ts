import type { PreviewRow } from '#contract/imports.ts'
import type { ChosenColumns } from './columnMapping.ts'
import type { Row } from './csv/parseRows.ts'
import { nothingPrepared, prepareRows } from './prepareRows.ts'

/** Characters of a cell that are shown. */
const SHOWN = 200

/** Each row as the import would read it; `erased`: phones (E.164) of people who do not come back by a file. */
export function previewRows(
  rows: Row[],
  columns: ChosenColumns,
  country: string,
  erased: ReadonlySet<string>,
): PreviewRow[] {
  const seen = new Set<string>()
  return rows.map((row) => {
    const { person, reason, warnings } = readRow(row, columns, country)
    const shown = { line: row.line, cells: row.cells.map(beginningOf), name: beginningOf(person?.name ?? ''), warnings }
    if (person === undefined) return { ...shown, verdict: 'rejected', phone: null, reason }
    if (erased.has(person.phone)) return { ...shown, verdict: 'rejected', phone: null, name: '', reason: 'ERASED' }
    const verdict = seen.has(person.phone) ? 'duplicate' : 'accepted'
    seen.add(person.phone)
    return { ...shown, verdict, phone: person.phone, reason: null }
  })
}

/** The phones that rows come to, E.164. */
export function phonesOf(rows: Row[], columns: ChosenColumns, country: string): string[] {
  return rows.flatMap((row) => readRow(row, columns, country).person?.phone ?? [])
}

function readRow(row: Row, columns: ChosenColumns, country: string) {
  const batch = nothingPrepared()
  prepareRows(batch, new Set(), [row], columns, country)
  const warnings = batch.warnings.map(({ reason }) => reason)
  return { person: batch.people[0], reason: batch.rejections[0]?.reason ?? null, warnings }
}

/** Never through a surrogate pair. */
function beginningOf(text: string): string {
  return text.length <= SHOWN
    ? text
    : text
        .slice(0, SHOWN)
        .toWellFormed()
        .replace(/\ufffd$/, '')
}
