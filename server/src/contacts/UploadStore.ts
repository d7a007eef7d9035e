import { CHUNK_BYTES, createChunkStore } from '#server/db/ChunkStore.ts'
import type { Db } from '#server/db/Database.ts'

export type UploadKey = { userId: string; uploadId: string }

/** Where bytes wait between an upload and the work on them. The API and the workers may be on different hosts. */
export interface UploadStore {
  /** Stores the next piece; pieces are numbered from 0. */
  append(key: UploadKey, seq: number, bytes: Buffer): Promise<void>
  /** The pieces in order, one in memory at a time. */
  read(key: UploadKey): AsyncIterable<Buffer>
  /** Fine when there is nothing. */
  remove(key: UploadKey): Promise<void>
}

export const UPLOAD_CHUNK_BYTES = CHUNK_BYTES

/** Uploads in the product's own database. */
export function createUploadStore(db: Db): UploadStore {
  const chunks = createChunkStore(db, { table: 'upload_chunks', column: 'upload_id' })
  const keyOf = ({ userId, uploadId }: UploadKey) => ({ userId, id: uploadId })
  return {
    append: (key, seq, bytes) => chunks.append(keyOf(key), seq, bytes),
    read: (key) => chunks.read(keyOf(key)),
    remove: (key) => chunks.remove(keyOf(key)),
  }
}
