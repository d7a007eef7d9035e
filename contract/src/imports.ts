import { z } from 'zod'
import { id, instant } from './common.ts'

/** `preview`: the upload is whole and waits for `commit`. `undone`: what the import created is out of the contacts again. */
export const IMPORT_STATUSES = [
  'uploading',
  'preview',
  'running',
  'completed',
  'failed',
  'cancelled',
  'undoing',
  'undone',
] as const
export type ImportStatus = (typeof IMPORT_STATUSES)[number]

/** Two letters, ISO 3166-1, as libphonenumber knows them. */
export const country = z.string().regex(/^[A-Z]{2}$/)

/** Why a row of a file did not become a contact. The web has a sentence for each; the CSV to download too. */
export const REJECT_REASONS = [
  'EMPTY',
  'EXCEL_EXPONENT',
  'TOO_SHORT',
  'TOO_LONG',
  'NOT_A_NUMBER',
  'UNKNOWN_COUNTRY',
  'MISSING_AREA_CODE',
  'INVALID_AREA_CODE',
  'NOT_DIALABLE',
  'NO_PHONE_COLUMN',
  'BROKEN_ROW',
  /** Somebody who asked to be forgotten: nothing of the row is kept but its place. */
  'ERASED',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** What was noticed in a row that did become a contact. */
export const WARNING_REASONS = ['SEVERAL_NUMBERS', 'SHORTHAND_NUMBER', 'TEXT_IGNORED', 'TEXT_CLEANED'] as const
export type WarningReason = (typeof WARNING_REASONS)[number]

/** Why a whole file could not be used. The web has a sentence for each. */
export const IMPORT_FAILURES = [
  'EMPTY_FILE',
  'NO_ROWS',
  /** A spreadsheet of a kind that is not read: xls, xlsb, ods, or one under a password. */
  'SPREADSHEET_FILE',
  /** A workbook that cannot be read: cut off, damaged, or not what it says of itself. */
  'SPREADSHEET_BROKEN',
  /** Unpacked it is larger than is read, or it has too many parts. */
  'SPREADSHEET_TOO_LARGE',
  'UNKNOWN_SHEET',
  'BINARY_FILE',
  'BAD_ENCODING',
  'UNCLOSED_QUOTE',
  'ROW_TOO_LARGE',
  'TOO_MANY_COLUMNS',
  'NO_PHONE_COLUMN',
  'INTERNAL',
] as const
export type ImportFailureReason = (typeof IMPORT_FAILURES)[number]

/** `line` is where it showed, counted from 1; null where no line is meant. */
export const importFailure = z.object({ reason: z.enum(IMPORT_FAILURES), line: z.number().nullable() })
export type ImportFailure = z.infer<typeof importFailure>

const column = z.int().min(0).max(511)

/** What the columns of a file are for; they count from 0. */
export const columnMapping = z.strictObject({
  /** Where the phone is looked for, best first: the first cell that is not empty counts. */
  phoneColumns: z.array(column).max(512),
  nameColumn: column.nullable(),
  /** Every other column becomes a variable under its header. */
  leftOut: z.array(column).max(512),
  /** Variables under another name than the header. */
  renamed: z.array(z.strictObject({ column, variable: z.string().trim().min(1).max(100) })).max(512),
})
export type ColumnMapping = z.infer<typeof columnMapping>

/** How a file that waits is to be read. What is missing stays as it was guessed or remembered. */
export const importChoice = z.strictObject({
  mapping: columnMapping.extend({ phoneColumns: columnMapping.shape.phoneColumns.min(1) }).optional(),
  defaultCountry: country.optional(),
  /** Name of a sheet of a workbook. */
  sheet: z.string().min(1).max(200).optional(),
})
export type ImportChoice = z.infer<typeof importChoice>

export const PREVIEW_VERDICTS = ['accepted', 'duplicate', 'rejected'] as const

/** A row as it would be read. */
export const previewRow = z.object({
  line: z.number(),
  cells: z.array(z.string()),
  verdict: z.enum(PREVIEW_VERDICTS),
  /** E.164; null for a row that would be refused. */
  phone: z.string().nullable(),
  name: z.string(),
  reason: z.enum(REJECT_REASONS).nullable(),
  warnings: z.array(z.enum(WARNING_REASONS)),
})
export type PreviewRow = z.infer<typeof previewRow>

/** How a file would be read, with its first rows. */
export const importPreview = z.object({
  defaultCountry: country,
  columns: z.array(z.string()),
  /** False where the first row is a person already; the columns have names of ours then. */
  hasHeader: z.boolean(),
  mapping: columnMapping,
  /** `remembered`: as somebody said for an earlier file with the same headers. */
  mappingFrom: z.enum(['guess', 'remembered', 'given']),
  encoding: z.string(),
  delimiter: z.string().nullable(),
  sheets: z.array(z.string()),
  sheet: z.string().nullable(),
  rows: z.array(previewRow),
})
export type ImportPreview = z.infer<typeof importPreview>

/** What taking an import back came to: contacts that it had created, removed or kept because of what they are used for. */
export const importUndo = z.object({
  removed: z.number(),
  /** Edited since by a person or another file. */
  keptChanged: z.number(),
  /** In another import, too. */
  keptInOtherImport: z.number(),
  /** A campaign was about to read them. */
  keptForCampaign: z.number(),
})
export type ImportUndo = z.infer<typeof importUndo>

/** Progress and outcome of one file. Every data row is accepted, duplicate or rejected: they add up to `rows`. */
export const contactImport = z.object({
  id,
  fileName: z.string(),
  status: z.enum(IMPORT_STATUSES),
  defaultCountry: country,
  bytesTotal: z.number(),
  bytesRead: z.number(),
  rows: z.number(),
  /** Rows that became a recipient of this import (new contacts and known ones). */
  accepted: z.number(),
  /** Of the accepted, those that were not in the contacts before. */
  created: z.number(),
  /** Rows whose number stood in the file already. */
  duplicates: z.number(),
  rejected: z.number(),
  warnings: z.number(),
  /** Column headers as found, in order. */
  columns: z.array(z.string()),
  /** `xlsx` for a workbook, which has no delimiter. */
  encoding: z.string().nullable(),
  delimiter: z.string().nullable(),
  /** Null before the file is read. */
  mapping: columnMapping.nullable(),
  /** Null unless it was asked for. */
  undo: importUndo.nullable(),
  /** Why the whole file could not be used, with the line where that showed. */
  failure: importFailure.nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
})
export type ContactImport = z.infer<typeof contactImport>
