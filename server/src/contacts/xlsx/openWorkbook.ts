import { CsvProblem } from '../csv/CsvProblem.ts'
import type { Row } from '../csv/parseRows.ts'
import { tableOf, type Table } from '../csv/readTable.ts'
import type { StoredFile } from '../UploadStore.ts'
import { parseSheet } from './parseSheet.ts'
import { readStyles, readWorkbook, type Sheet } from './readParts.ts'
import { SharedStrings } from './SharedStrings.ts'
import { ZipParts } from './ZipParts.ts'

/**
 * Opens a workbook (xlsx): the sheet of that name, or with null the first that is not hidden. Rows are read as they are
 * unpacked; only the shared texts are held in memory, up to their limit. Throws `CsvProblem`, here or while the rows
 * are read.
 */
export async function openWorkbook(file: StoredFile, defaultCountry: string, sheetName: string | null): Promise<Table> {
  const zip = await ZipParts.open(file)
  const workbook = await readWorkbook(zip)
  const sheet = chooseSheet(workbook.sheets, sheetName)
  const rows = readSheet(zip, workbook, sheet)
  return {
    ...(await tableOf(rows, defaultCountry)),
    delimiter: null,
    encoding: () => 'xlsx',
    sheets: workbook.sheets.map(({ name }) => name),
    sheet: sheet.name,
  }
}

function chooseSheet(sheets: Sheet[], name: string | null): Sheet {
  const visible = sheets.find(({ isHidden }) => !isHidden) ?? sheets[0]
  const chosen = name === null ? visible : sheets.find((sheet) => sheet.name === name)
  if (chosen === undefined) throw new CsvProblem('UNKNOWN_SHEET', null)
  return chosen
}

type Parts = Awaited<ReturnType<typeof readWorkbook>>

async function* readSheet(zip: ZipParts, workbook: Parts, sheet: Sheet): AsyncGenerator<Row[]> {
  const { sharedStrings, styles, from1904 } = workbook
  const kinds = await readStyles(zip, styles)
  const hasStrings = sharedStrings !== null && zip.has(sharedStrings)
  const strings = hasStrings ? await SharedStrings.read(zip.read(sharedStrings)) : new SharedStrings()
  yield* parseSheet(zip.read(sheet.part), { strings, kinds, from1904 })
}
