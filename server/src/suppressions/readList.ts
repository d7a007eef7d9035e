import { SUPPRESSION_REASONS, type SuppressionReason } from '#contract/suppressions.ts'
import { withoutGuard } from '#server/lib/csv.ts'

/** One line with something in it. `input`: what may be a number; null `reason`: the line says none that we know. */
export type ListedLine = { line: number; input: string; reason: Exclude<SuppressionReason, 'erased'> | null }

const PHONE_HEADER = /fone|phone|celular|n[uú]mero|number|whats|^tel/i
const REASON_HEADER = /^(?:reason|motivo|raz[oó]n)$/i
const SEPARATORS = [';', '\t', ',', '|']

/**
 * Reads a list of numbers as people keep them: one a line, or a CSV in which a column is called like a phone, as in our
 * own export. UTF-8 with or without BOM, else Latin-1. A cell with a line break is cut there: its rest is no number.
 */
export function readList(bytes: Uint8Array): ListedLine[] {
  const lines = decode(bytes).split(/\r\n|\r|\n/)
  const first = lines.findIndex((text) => text.trim() !== '')
  const separator = SEPARATORS.find((candidate) => lines[first]?.includes(candidate) === true) ?? ';'
  const header = cellsOf(lines[first] ?? '', separator)
  const hasHeader = header.some((cell) => PHONE_HEADER.test(cell)) && !header.some((cell) => /\d{6}/.test(cell))
  const phoneAt = hasHeader ? header.findIndex((cell) => PHONE_HEADER.test(cell)) : -1
  const reasonAt = hasHeader ? header.findIndex((cell) => REASON_HEADER.test(cell)) : -1
  return lines.flatMap((text, index): ListedLine[] => {
    if (text.trim() === '' || (hasHeader && index === first)) return []
    const cells = cellsOf(text, separator)
    const input = phoneAt >= 0 ? (cells[phoneAt] ?? '') : phoneIn(cells)
    return [{ line: index + 1, input: input.slice(0, 200), reason: reasonOf(cells[reasonAt]) }]
  })
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

function cellsOf(text: string, separator: string): string[] {
  const cells = text.match(/"(?:[^"]|"")*"|[^"]+/g) ?? []
  const joined: string[] = ['']
  for (const part of cells) {
    if (part.startsWith('"')) joined.push((joined.pop() ?? '') + part.slice(1, -1).replaceAll('""', '"'))
    else {
      const [head = '', ...rest] = part.split(separator)
      joined.push((joined.pop() ?? '') + head, ...rest)
    }
  }
  return joined.map((cell) => withoutGuard(cell.trim()))
}

/** Without a header: the first cell that has digits, as many as a short number. */
function phoneIn(cells: string[]): string {
  return cells.find((cell) => cell.replace(/\D/g, '').length >= 6) ?? cells.find((cell) => cell !== '') ?? ''
}

function reasonOf(cell = ''): ListedLine['reason'] {
  const known = SUPPRESSION_REASONS.find((reason) => reason === cell.toLowerCase())
  return known === undefined || known === 'erased' ? null : known
}
