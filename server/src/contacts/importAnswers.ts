import type { ContactImport } from '#contract/imports.ts'
import type { ImportRow } from './importLeases.ts'

/** As the API shows it. */
export function toContract(row: ImportRow): ContactImport {
  return {
    id: row.id,
    fileName: row.file_name,
    status: row.status,
    defaultCountry: row.default_country,
    bytesTotal: row.bytes_total,
    bytesRead: row.bytes_read,
    rows: row.rows,
    accepted: row.accepted,
    created: row.created,
    duplicates: row.duplicates,
    rejected: row.rejected,
    warnings: row.warnings,
    columns: row.columns,
    encoding: row.encoding,
    delimiter: row.delimiter,
    mapping: row.mapping,
    undo: undoOf(row),
    failure: row.failure,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}

function undoOf({ undo }: ImportRow): ContactImport['undo'] {
  if (undo === null) return null
  const { removed, keptChanged, keptInOtherImport, keptForCampaign } = undo
  return { removed, keptChanged, keptInOtherImport, keptForCampaign }
}
