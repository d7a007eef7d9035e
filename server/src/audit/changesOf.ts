type Changes = Record<string, { from: unknown; to: unknown }>

/**
 * What `after` makes different, before and after, for the details of an audit row. Columns of JSON are written as text
 * and read as values: they are compared, and shown, as values.
 */
export function changesOf(before: object, after: object): Changes {
  const changes: Changes = {}
  for (const [name, written] of Object.entries(after)) {
    const from: unknown = Object.entries(before).find(([key]) => key === name)?.[1] ?? null
    const to = typeof from === 'object' && from !== null ? asValue(written) : (written as unknown)
    if (JSON.stringify(from) !== JSON.stringify(to)) changes[name] = { from, to }
  }
  return changes
}

function asValue(written: unknown): unknown {
  if (typeof written !== 'string') return written
  try {
    return JSON.parse(written)
  } catch {
    return written
  }
}
