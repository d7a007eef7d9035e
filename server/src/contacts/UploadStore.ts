import { sql } from 'kysely'
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

/** Largest piece: a row of the database is held in memory whole, several times over. */
export const UPLOAD_CHUNK_BYTES = 256 * 1024

/** Deleting a large upload at once would exceed the time a query may take. */
const REMOVED_AT_ONCE = 100

/** Uploads in the product's own database. */
export function createUploadStore(db: Db): UploadStore {
  return {
    async append({ userId, uploadId }, seq, bytes) {
      await db.insertInto('upload_chunks').values({ user_id: userId, upload_id: uploadId, seq, bytes }).execute()
    },
    open: (key) => openStored(db, key),
    async remove({ userId, uploadId }) {
      for (;;) {
        const { rows } = await sql`
          delete from upload_chunks where user_id = ${userId} and upload_id = ${uploadId} and seq in
            (select seq from upload_chunks where user_id = ${userId} and upload_id = ${uploadId} limit ${REMOVED_AT_ONCE})
          returning seq
        `.execute(db)
        if (rows.length < REMOVED_AT_ONCE) return
      }
    },
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
