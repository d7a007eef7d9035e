export type ReadChange = { field: string; from: unknown; to: unknown }
export type ReadFact = { field: string; value: unknown }
export type ReadDetails = { changes: ReadChange[]; facts: ReadFact[] }

/**
 * The details of an audit row as they are read: what was before and after, and what is simply noted. A pair `from`/`to`
 * is a change wherever it stands; the server puts pairs beside other fields, under `changes`, or alone.
 */
export function readDetails(details: Record<string, unknown>): ReadDetails {
  const read: ReadDetails = { changes: [], facts: [] }
  if (isPair(details)) addChange(read, '', details)
  const rest = isPair(details)
    ? Object.entries(details).filter(([name]) => name !== 'from' && name !== 'to')
    : Object.entries(details)
  for (const [field, value] of rest) {
    if (field === 'changes' && isRecord(value)) for (const [name, pair] of Object.entries(value)) add(read, name, pair)
    else add(read, field, value)
  }
  return read
}

function add(read: ReadDetails, field: string, value: unknown): void {
  if (isPair(value)) addChange(read, field, value)
  else if (isRecord(value)) for (const [name, inner] of Object.entries(value)) add(read, `${field}.${name}`, inner)
  else read.facts.push({ field, value })
}

function addChange(read: ReadDetails, field: string, { from, to }: { from?: unknown; to?: unknown }): void {
  read.changes.push({ field, from, to })
}

function isPair(value: unknown): value is { from: unknown; to: unknown } {
  return isRecord(value) && 'from' in value && 'to' in value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
