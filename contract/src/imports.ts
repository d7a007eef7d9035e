import { z } from 'zod'
import { id, instant } from './common.ts'

export const IMPORT_STATUSES = ['uploading', 'running', 'completed', 'failed', 'cancelled'] as const
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
  /** A spreadsheet (xlsx, xls, ods), not a CSV saved from it. */
  'SPREADSHEET_FILE',
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
  encoding: z.string().nullable(),
  delimiter: z.string().nullable(),
  /** Why the whole file could not be used, with the line where that showed. */
  failure: importFailure.nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
})
export type ContactImport = z.infer<typeof contactImport>
