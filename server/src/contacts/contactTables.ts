import type { ColumnType, Generated, GeneratedAlways } from 'kysely'
import type { LabelKind } from '#contract/contactLists.ts'
import type {
  ColumnMapping,
  ImportFailure,
  ImportStatus,
  ImportUndo,
  RejectReason,
  WarningReason,
} from '#contract/imports.ts'

type Instant = ColumnType<Date, Date | undefined, Date>
type NullableInstant = ColumnType<Date | null, Date | null | undefined, Date | null>
/** Read as what it is, written as JSON text. */
type Json<T> = ColumnType<T, string | undefined, string>

export interface ContactsTable {
  user_id: string
  id: GeneratedAlways<number>
  /** E.164 with `+`. */
  phone: string
  name: Generated<string>
  variables: Json<Record<string, string>>
  created_at: Instant
  updated_at: Instant
}

/** `after`: the contact up to which it has come. */
export type UndoState = ImportUndo & { after: number }

export interface ContactImportsTable {
  user_id: string
  id: Generated<string>
  file_name: string
  status: Generated<ImportStatus>
  default_country: string
  bytes_total: Generated<number>
  bytes_read: Generated<number>
  rows: Generated<number>
  accepted: Generated<number>
  created: Generated<number>
  duplicates: Generated<number>
  rejected: Generated<number>
  warnings: Generated<number>
  columns: Json<string[]>
  encoding: string | null
  delimiter: string | null
  sheet: string | null
  mapping: ColumnType<ColumnMapping | null, string | null | undefined, string | null>
  undo: ColumnType<UndoState | null, string | null | undefined, string | null>
  failure: ColumnType<ImportFailure | null, string | null | undefined, string | null>
  lease_owner: string | null
  lease_expires_at: NullableInstant
  created_at: Instant
  finished_at: NullableInstant
}

export interface ImportContactsTable {
  user_id: string
  import_id: string
  contact_id: number
  line: number
  created: boolean
}

export interface ImportRejectionsTable {
  user_id: string
  import_id: string
  line: number
  reason: RejectReason
  field: string
  cells: Json<string[]>
}

export interface ImportWarningsTable {
  user_id: string
  import_id: string
  line: number
  reason: WarningReason
  field: string
  phone: string
  others: Json<string[]>
  cells: Json<string[]>
}

export interface ImportMappingsTable {
  user_id: string
  header_hash: Buffer
  mapping: Json<ColumnMapping>
  updated_at: Instant
}

export interface UploadChunksTable {
  user_id: string
  upload_id: string
  seq: number
  bytes: Buffer
}

export interface ContactLabelsTable {
  user_id: string
  id: Generated<string>
  kind: LabelKind
  name: string
  /** Kept by the database. */
  members: ColumnType<number, never, never>
  created_at: ColumnType<Date, undefined, never>
}

export interface ContactLabelMembersTable {
  user_id: string
  label_id: string
  contact_id: number
}

export interface ContactTables {
  contact_labels: ContactLabelsTable
  contact_label_members: ContactLabelMembersTable
  contacts: ContactsTable
  contact_imports: ContactImportsTable
  import_contacts: ImportContactsTable
  import_mappings: ImportMappingsTable
  import_rejections: ImportRejectionsTable
  import_warnings: ImportWarningsTable
  upload_chunks: UploadChunksTable
}
