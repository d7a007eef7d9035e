import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { ColumnMapping, ImportPreview } from '#contract/imports.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { plainLabel, type TableColumns } from './csv/tableColumns.ts'

/** What each column of a file is for. */
export type ChosenColumns = TableColumns & {
  /** The variable that each column becomes; null for one that is left out. */
  variables: (string | null)[]
}

export type ChosenMapping = { mapping: ColumnMapping; from: ImportPreview['mappingFrom'] }

/** What was said about this file, else about an earlier one with the same headers, else what was guessed. */
export async function chooseMapping(
  db: Db,
  userId: string,
  columns: TableColumns,
  given: ColumnMapping | null,
): Promise<ChosenMapping> {
  if (given !== null) return { mapping: given, from: 'given' }
  const remembered = await findMapping(db, userId, columns)
  if (remembered !== undefined) return { mapping: remembered, from: 'remembered' }
  const { phoneColumns, nameColumn } = columns
  return { mapping: { phoneColumns, nameColumn, leftOut: [], renamed: [] }, from: 'guess' }
}

/** Files without a header are all alike, so nothing is remembered about them. */
export async function rememberMapping(
  trx: Trx,
  userId: string,
  columns: TableColumns,
  mapping: ColumnMapping,
): Promise<void> {
  if (!columns.hasHeader) return
  const json = JSON.stringify(mapping)
  await trx
    .insertInto('import_mappings')
    .values({ user_id: userId, header_hash: shapeOf(columns), mapping: json })
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'header_hash'])
        .doUpdateSet({ mapping: json, updated_at: sql<Date>`clock_timestamp()` }),
    )
    .execute()
}

async function findMapping(db: Db, userId: string, columns: TableColumns): Promise<ColumnMapping | undefined> {
  if (!columns.hasHeader) return undefined
  const row = await db
    .selectFrom('import_mappings')
    .select('mapping')
    .where('user_id', '=', userId)
    .where('header_hash', '=', shapeOf(columns))
    .executeTakeFirst()
  return row?.mapping
}

/** Two files have one shape when their headers are the same in order, whatever their case, accents and signs. */
function shapeOf({ headers }: TableColumns): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(headers.map(plainLabel)))
    .digest()
}

/**
 * Throws UNPROCESSABLE when the mapping does not fit the columns: one that is not there, or two variables of one name.
 */
export function checkMapping(columns: TableColumns, mapping: ColumnMapping): void {
  const named = [...mapping.phoneColumns, ...mapping.leftOut, ...mapping.renamed.map(({ column }) => column)]
  if (mapping.nameColumn !== null) named.push(mapping.nameColumn)
  const missing = named.find((column) => column >= columns.headers.length)
  if (missing !== undefined) throw unfit(`The file has no column ${missing} (the first is 0).`)
  const nameless = mapping.renamed.find(({ variable }) => plainLabel(variable) === '')
  if (nameless !== undefined) throw unfit(`No variable can be called ${JSON.stringify(nameless.variable)}.`)
  const taken = new Set<string>()
  for (const variable of applyMapping(columns, mapping).variables) {
    if (variable === null) continue
    const label = plainLabel(variable)
    if (taken.has(label)) throw unfit(`Two columns would be the variable ${JSON.stringify(variable)}.`)
    taken.add(label)
  }
}

function unfit(message: string): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field: 'mapping', message }] })
}

export function applyMapping(columns: TableColumns, mapping: ColumnMapping): ChosenColumns {
  const { phoneColumns, nameColumn } = mapping
  const variables: (string | null)[] = [...columns.headers]
  for (const { column, variable } of mapping.renamed) variables[column] = variable
  for (const column of mapping.leftOut) variables[column] = null
  return { ...columns, phoneColumns, nameColumn, variables }
}
