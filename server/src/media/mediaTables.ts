import type { ColumnType, Generated } from 'kysely'
import type { MediaKind } from '#contract/media.ts'

export interface MediaTable {
  user_id: string
  id: Generated<string>
  /** Null while its bytes arrive. */
  sha256: Buffer | null
  kind: MediaKind
  mime_type: string
  file_name: string
  bytes: Generated<number>
  created_at: ColumnType<Date, Date | undefined, Date>
}

export interface MediaChunksTable {
  user_id: string
  media_id: string
  seq: number
  bytes: Buffer
}

export interface MediaTables {
  media: MediaTable
  media_chunks: MediaChunksTable
}
