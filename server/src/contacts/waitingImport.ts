import type { ColumnMapping, ImportChoice, ImportPreview } from '#contract/imports.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Actor } from '#server/lib/http.ts'
import { Turns } from '#server/lib/Turns.ts'
import { isCountry } from '#server/phone/PhoneValidationService.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { applyMapping, checkMapping, chooseMapping, rememberMapping, type ChosenMapping } from './columnMapping.ts'
import { CsvProblem } from './csv/CsvProblem.ts'
import type { Row } from './csv/parseRows.ts'
import type { Table } from './csv/readTable.ts'
import { startImport } from './importQueries.ts'
import type { ImportRow } from './importLeases.ts'
import { openTable } from './openTable.ts'
import { phonesOf, previewRows } from './previewRows.ts'
import { UploadGoneError, type UploadStore } from './UploadStore.ts'

const SHOWN_ROWS = 20
/** Of one process. A workbook may hold 24 MB of texts in memory; a file of words is read in milliseconds. */
const turns = new Turns({ atOnce: 2, mayWait: 50 })

export type WaitingDeps = { db: Db; store: UploadStore; suppressions: SuppressionList }

/**
 * How a file that waits would be read, with its first rows; changes nothing. Throws IMPORT_STATE for one that does not
 * wait, CSV_UNREADABLE (with reason and line) for one that is no table, UNPROCESSABLE for a mapping that does not fit.
 */
export async function previewImport(deps: WaitingDeps, row: ImportRow, choice: ImportChoice): Promise<ImportPreview> {
  return inTurn(deps, row, choice, async ({ table, country, mapping, from }) => {
    const columns = applyMapping(table.columns, mapping)
    const rows = await firstRows(table)
    const erased = await deps.suppressions.findErased(deps.db, row.user_id, phonesOf(rows, columns, country))
    return {
      defaultCountry: country,
      columns: columns.headers,
      hasHeader: columns.hasHeader,
      mapping,
      mappingFrom: from,
      encoding: table.encoding(),
      delimiter: table.delimiter,
      sheets: table.sheets,
      sheet: table.sheet,
      rows: previewRows(rows, columns, country, erased),
    }
  })
}

/**
 * Lets a file that waits be imported as its preview showed; a mapping that was given is remembered for files with the
 * same headers. Throws as `previewImport` does.
 */
export async function commitImport(
  deps: WaitingDeps,
  actor: Actor,
  row: ImportRow,
  choice: ImportChoice,
): Promise<ImportRow> {
  return inTurn(deps, row, choice, async ({ table, country, mapping, from }) => {
    if (mapping.phoneColumns.length === 0) throw unreadable(new CsvProblem('NO_PHONE_COLUMN', table.firstLine))
    return transaction(deps.db, async (trx) => {
      const { sheet } = table
      const started = await startImport(trx, actor, row.id, { defaultCountry: country, sheet, mapping })
      if (started === undefined) throw new AppError('IMPORT_STATE')
      if (from === 'given') await rememberMapping(trx, row.user_id, table.columns, mapping)
      return started
    })
  })
}

type Opened = ChosenMapping & { table: Table; country: string }

function inTurn<T>(
  deps: WaitingDeps,
  row: ImportRow,
  choice: ImportChoice,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  return turns.take(() => withTable(deps, row, choice, work))
}

async function withTable<T>(
  deps: WaitingDeps,
  row: ImportRow,
  choice: ImportChoice,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  if (row.status !== 'preview') throw new AppError('IMPORT_STATE')
  const country = countryOf(choice.defaultCountry ?? row.default_country)
  try {
    const file = await deps.store.open({ userId: row.user_id, uploadId: row.id })
    const table = await openTable(file, country, choice.sheet ?? null)
    try {
      return await work({ table, country, ...(await mappingOf(deps, row, table, choice.mapping ?? null)) })
    } finally {
      await table.close()
    }
  } catch (error) {
    if (error instanceof CsvProblem) throw unreadable(error)
    if (error instanceof UploadGoneError) throw new AppError('IMPORT_STATE', { cause: error })
    throw error
  }
}

async function mappingOf(
  { db }: WaitingDeps,
  row: ImportRow,
  table: Table,
  given: ColumnMapping | null,
): Promise<ChosenMapping> {
  if (given !== null) checkMapping(table.columns, given)
  return chooseMapping(db, row.user_id, table.columns, given)
}

async function firstRows(table: Table): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of table.batches) {
    rows.push(...batch.slice(0, SHOWN_ROWS - rows.length))
    if (rows.length >= SHOWN_ROWS) break
  }
  return rows
}

/** Throws UNPROCESSABLE for two letters that are no country. */
export function countryOf(code: string): string {
  if (isCountry(code)) return code
  const details = [{ field: 'defaultCountry', message: 'is not a country with telephone numbers' }]
  throw new AppError('UNPROCESSABLE', { details })
}

function unreadable(problem: CsvProblem): AppError {
  const { reason, line } = problem
  return new AppError('CSV_UNREADABLE', { details: { reason, line }, cause: problem })
}
