import type { PreparedRows } from './prepareRows.ts'

/**
 * The rows without people who were erased. Their rows are refused, and of what stood in them nothing is kept, else the
 * report of the refusals would hold what is to be forgotten. A row that only repeats a person of the same batch stays
 * counted as a repetition.
 */
export function withoutErased(batch: PreparedRows, erased: ReadonlySet<string>): PreparedRows {
  if (erased.size === 0) return batch
  const gone = batch.people.filter(({ phone }) => erased.has(phone))
  const refused = gone.map(({ line }) => ({ line, reason: 'ERASED' as const, field: '', cells: [] }))
  return {
    ...batch,
    people: batch.people.filter(({ phone }) => !erased.has(phone)),
    rejections: [...batch.rejections, ...refused],
    warnings: batch.warnings.filter(({ phone }) => !erased.has(phone)),
  }
}
