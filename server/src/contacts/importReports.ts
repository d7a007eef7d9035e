import type { RejectReason } from '#contract/imports.ts'
import type { Db } from '#server/db/Database.ts'
import { csvLine } from '#server/lib/csv.ts'
import type { ImportRow } from './importLeases.ts'
import { HEADINGS, REJECTION_TEXTS, WARNING_TEXTS } from './importTexts.ts'

const PAGE_ROWS = 1000

/**
 * The refused rows as a CSV for people: UTF-8 with BOM and `;`, their cells as they stood in the file, then the line,
 * the column that was looked at and the reason. Read page by page, so a slow reader costs no memory.
 */
export async function* rejectionsCsv(db: Db, row: ImportRow): AsyncGenerator<string> {
  const width = await widthOf(db, 'import_rejections', row)
  yield `\ufeff${csvLine([...headings(row.columns, width), HEADINGS.line, HEADINGS.field, HEADINGS.reason])}`
  for (let after = 0; ;) {
    const page = await pageOf(db, 'import_rejections', row, after).select(['line', 'reason', 'cells']).execute()
    yield page
      .map(({ line, reason, cells }) =>
        csvLine([...padded(cells, width), String(line), fieldOf(row, reason, cells), REJECTION_TEXTS[reason]]),
      )
      .join('')
    if (page.length < PAGE_ROWS) return
    after = page.at(-1)?.line ?? after
  }
}

/** What was noticed in accepted rows, in the same form, with the number that was taken and what else stood there. */
export async function* warningsCsv(db: Db, row: ImportRow): AsyncGenerator<string> {
  const { columns } = row
  const width = columns.length
  yield `\ufeff${csvLine([...headings(columns, width), HEADINGS.line, HEADINGS.phone, HEADINGS.others, HEADINGS.warning])}`
  for (let after = { line: 0, reason: '' }; ;) {
    const page = await db
      .selectFrom('import_warnings')
      .select(['line', 'reason', 'phone', 'others', 'cells'])
      .where('user_id', '=', row.user_id)
      .where('import_id', '=', row.id)
      .where((where) =>
        where.eb(where.refTuple('line', 'reason'), '>', where.tuple(after.line, after.reason as 'TEXT_IGNORED')),
      )
      .orderBy('line')
      .orderBy('reason')
      .limit(PAGE_ROWS)
      .execute()
    yield page
      .map(({ line, reason, phone, others, cells }) =>
        csvLine([...padded(cells, width), String(line), phone, others.join(' | '), WARNING_TEXTS[reason]]),
      )
      .join('')
    if (page.length < PAGE_ROWS) return
    after = page.at(-1) ?? after
  }
}

/** The header of the column in which the phone was looked for; nothing where the row as a whole was refused. */
function fieldOf({ mapping, columns }: ImportRow, reason: RejectReason, cells: string[]): string {
  if (mapping === null || reason === 'BROKEN_ROW' || reason === 'ERASED') return ''
  const [best] = mapping.phoneColumns
  const filled = mapping.phoneColumns.find((column) => (cells[column] ?? '') !== '') ?? best
  return filled === undefined ? '' : (columns[filled] ?? '')
}

function pageOf(db: Db, table: 'import_rejections', row: ImportRow, after: number) {
  return db
    .selectFrom(table)
    .where('user_id', '=', row.user_id)
    .where('import_id', '=', row.id)
    .where('line', '>', after)
    .orderBy('line')
    .limit(PAGE_ROWS)
}

/** Broken rows can have more cells than the file has headers. */
async function widthOf(db: Db, table: 'import_rejections', row: ImportRow): Promise<number> {
  const { width } = await db
    .selectFrom(table)
    .select(({ fn }) => fn.max<number | null>(fn('jsonb_array_length', ['cells'])).as('width'))
    .where('user_id', '=', row.user_id)
    .where('import_id', '=', row.id)
    .executeTakeFirstOrThrow()
  return Math.max(row.columns.length, Math.min(width ?? 0, 512))
}

function headings(columns: string[], width: number): string[] {
  return Array.from({ length: width }, (_, column) => columns[column] ?? `coluna ${column + 1}`)
}

function padded(cells: string[], width: number): string[] {
  return Array.from({ length: width }, (_, column) => cells[column] ?? '')
}
