import { CsvProblem } from './csv/CsvProblem.ts'
import { readTable, type Table } from './csv/readTable.ts'
import type { StoredFile } from './UploadStore.ts'
import { openWorkbook } from './xlsx/openWorkbook.ts'

/** `PK`: any ZIP archive, which a workbook is. */
const ZIP_START = [0x50, 0x4b]

/**
 * Opens an uploaded file as a table: a workbook (xlsx) by its sheet of that name or its first one, anything else as CSV.
 * Throws `CsvProblem`, here or while the rows are read.
 */
export async function openTable(file: StoredFile, defaultCountry: string, sheet: string | null): Promise<Table> {
  if (await isArchive(file)) return openWorkbook(file, defaultCountry, sheet)
  if (sheet !== null) throw new CsvProblem('UNKNOWN_SHEET', null)
  return readTable(file.read(0, file.size), defaultCountry)
}

async function isArchive(file: StoredFile): Promise<boolean> {
  for await (const bytes of file.read(0, ZIP_START.length)) return ZIP_START.every((byte, at) => bytes[at] === byte)
  return false
}
