import { sql } from 'kysely'
import { CHUNK_BYTES, createChunkStore } from '#server/db/ChunkStore.ts'
import type { Db } from '#server/db/Database.ts'

export type UploadKey = { userId: string; uploadId: string }

/** An upload whose bytes can be read from anywhere. */
export type StoredFile = {
  /** In bytes. */
  size: number
  /** From `start` to before `end`, one piece in memory at a time. */
  read: (start: number, end: number) => AsyncIterable<Buffer>
}

/** Where bytes wait between an upload and the work on them. The API and the workers may be on different hosts. */
export interface UploadStore {
  /** Stores the next piece; pieces are numbered from 0. */
  append(key: UploadKey, seq: number, bytes: Buffer): Promise<void>
  /** What is stored of it now; no bytes where there is nothing. */
  open(key: UploadKey): Promise<StoredFile>
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
    open: (key) => openStored(db, key),
    remove: (key) => chunks.remove(keyOf(key)),
  }
}

type Piece = { seq: number; start: number; end: number }

async function openStored(db: Db, key: UploadKey): Promise<StoredFile> {
  const pieces = await listPieces(db, key)
  // A workbook is read in many small steps that lie near each other.
  let last: { seq: number; bytes: Buffer } | null = null
  const load = async (seq: number): Promise<Buffer> => {
    if (last?.seq !== seq) last = { seq, bytes: await loadPiece(db, key, seq) }
    return last.bytes
  }
  return {
    size: pieces.at(-1)?.end ?? 0,
    async *read(start, end) {
      for (const piece of pieces) {
        if (piece.end <= start || piece.start >= end) continue
        const bytes = await load(piece.seq)
        yield bytes.subarray(Math.max(0, start - piece.start), Math.min(piece.end, end) - piece.start)
      }
    },
  }
}

/** The lengths are told without reading the bytes, which are stored apart and uncompressed. */
async function listPieces(db: Db, { userId, uploadId }: UploadKey): Promise<Piece[]> {
  const { rows } = await sql<{ seq: number; length: number }>`
    select seq, octet_length(bytes) as length from upload_chunks
    where user_id = ${userId} and upload_id = ${uploadId} order by seq
  `.execute(db)
  let start = 0
  return rows.map(({ seq, length }) => ({ seq, start, end: (start += length) }))
}

async function loadPiece(db: Db, { userId, uploadId }: UploadKey, seq: number): Promise<Buffer> {
  const { bytes } = await db
    .selectFrom('upload_chunks')
    .select('bytes')
    .where('user_id', '=', userId)
    .where('upload_id', '=', uploadId)
    .where('seq', '=', seq)
    .executeTakeFirstOrThrow(() => new UploadGoneError())
  return bytes
}

/** The upload was removed while it was read. */
export class UploadGoneError extends Error {
  constructor() {
    super('The upload is not stored any more.')
    this.name = 'UploadGoneError'
  }
}
