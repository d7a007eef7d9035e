import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Spreadsheets of Brazil take a semicolon for granted, programs (RFC 4180) a comma. */
export type CsvSeparator = ';' | ','

/** One line, every cell quoted (RFC 4180) and none of them a formula for a spreadsheet. */
export function csvLine(cells: string[], separator: CsvSeparator = ';'): string {
  return `${cells.map((cell) => `"${withGuard(cell).replaceAll('"', '""')}"`).join(separator)}\r\n`
}

/** A file to download, as it is written; a slow reader costs no memory. */
export function sendCsv(reply: FastifyReply, name: string, text: AsyncGenerator<string>): FastifyReply {
  return reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Readable.from(text, { objectMode: false }))
}

/** What a spreadsheet reads as the beginning of a formula, behind any number of our own apostrophes. */
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/
/** A phone with its plus stays as it is: a spreadsheet shows it, and it must remain usable. */
const PHONE = /^\+\d{7,15}$/

/** The cell with an apostrophe before what would be a formula; `withoutGuard` gives back what it was. */
function withGuard(cell: string): string {
  return FORMULA.test(cell) && !PHONE.test(cell) ? `'${cell}` : cell
}

/** Takes away the apostrophe that our own downloads (and others) put before a formula. */
export function withoutGuard(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
