export const DELIMITERS = [';', ',', '\t', '|'] as const
export type Delimiter = (typeof DELIMITERS)[number]

const LINES_LOOKED_AT = 20

/**
 * The delimiter that cuts the first lines into the same number of cells most often; of equals, the one that cuts more.
 * A file of one column has none: `;` then. Excel's own first line `sep=;` decides alone.
 */
export function detectDelimiter(head: string): Delimiter {
  const declared = declaredDelimiter(head)
  if (declared !== null) return declared
  const lines = firstLines(head)
  let best: { delimiter: Delimiter; score: number } = { delimiter: ';', score: 0 }
  for (const delimiter of DELIMITERS) {
    const score = scoreOf(lines.map((line) => line.get(delimiter) ?? 0))
    if (score > best.score) best = { delimiter, score }
  }
  return best.delimiter
}

/** Matches Excel's line, which is no data. */
export const SEPARATOR_LINE = /^\s*"?sep=([;,\t|])"?[ \t]*(?:\r\n|\n|\r|$)/i

function declaredDelimiter(head: string): Delimiter | null {
  return (SEPARATOR_LINE.exec(head)?.[1] as Delimiter | undefined) ?? null
}

function scoreOf(counts: number[]): number {
  const first = counts[0] ?? 0
  if (first === 0) return 0
  const same = counts.filter((count) => count === first).length
  return same / counts.length + Math.min(first, 99) / 1000
}

/** How often each delimiter stands in each of the first lines, outside quotes. */
function firstLines(head: string): Map<string, number>[] {
  const lines: Map<string, number>[] = []
  let line = new Map<string, number>()
  let isQuoted = false
  let isBlank = true
  for (let at = 0; at < head.length && lines.length < LINES_LOOKED_AT; at++) {
    const character = head[at] ?? ''
    if (character === '"') isQuoted = !isQuoted
    if (!isQuoted && (character === '\n' || character === '\r')) {
      if (!isBlank) lines.push(line)
      line = new Map()
      isBlank = true
      continue
    }
    isBlank &&= character.trim() === '' && character !== '\t'
    if (!isQuoted && (DELIMITERS as readonly string[]).includes(character))
      line.set(character, (line.get(character) ?? 0) + 1)
  }
  if (!isBlank && lines.length === 0) lines.push(line)
  return lines
}
