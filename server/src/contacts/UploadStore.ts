import { sql } from 'kysely'
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
    async *read({ userId, uploadId }) {
      for (let seq = 0; ; seq++) {
        const chunk = await db
          .selectFrom('upload_chunks')
          .select('bytes')
          .where('user_id', '=', userId)
          .where('upload_id', '=', uploadId)
          .where('seq', '=', seq)
          .executeTakeFirst()
        if (chunk === undefined) return
        yield chunk.bytes
      }
    },
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
