import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Spreadsheets of Brazil take a semicolon for granted, programs (RFC 4180) a comma. */
export type CsvSeparator = ';' | ','

/** One line, every cell quoted (RFC 4180) and none of them a formula for a spreadsheet. */
export function csvLine(cells: string[], separator: CsvSeparator = ';'): string {
  return `${cells.map((cell) => `"${withoutFormula(cell).replaceAll('"', '""')}"`).join(separator)}\r\n`
}

/** A file to download, as it is written; a slow reader costs no memory. */
export function sendCsv(reply: FastifyReply, name: string, text: AsyncGenerator<string>): FastifyReply {
  return reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Readable.from(text, { objectMode: false }))
}

/** A phone with its plus stays as it is: a spreadsheet shows it, and it must remain usable. */
function withoutFormula(cell: string): string {
  return /^[=+\-@\t\r＝＋－＠]/.test(cell) && !/^\+\d{7,15}$/.test(cell) ? `'${cell}` : cell
}
