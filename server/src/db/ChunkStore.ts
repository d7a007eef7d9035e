import { sql } from 'kysely'
import type { Db } from './Database.ts'

/** Whose bytes, and which. */
export type ChunkKey = { userId: string; id: string }

/** Where bytes lie that do not fit into one row. The API and the workers may be on different hosts. */
export interface ChunkStore {
  /** Stores the next piece; pieces are numbered from 0. */
  append(key: ChunkKey, seq: number, bytes: Buffer): Promise<void>
  /** The pieces in order, one in memory at a time. */
  read(key: ChunkKey): AsyncGenerator<Buffer>
  /** Fine when there is nothing. */
  remove(key: ChunkKey): Promise<void>
}

/** Largest piece: a row of the database is held in memory whole, several times over. */
export const CHUNK_BYTES = 256 * 1024

/** Deleting much at once would exceed the time a query may take. */
const REMOVED_AT_ONCE = 100

/** Bytes in a table of ours with the columns `user_id`, one that names them, `seq` and `bytes`. */
export function createChunkStore(
  db: Db,
  where: { table: 'upload_chunks'; column: 'upload_id' } | { table: 'media_chunks'; column: 'media_id' },
): ChunkStore {
  const table = sql.table(where.table)
  const column = sql.ref(where.column)
  return {
    async append({ userId, id }, seq, bytes) {
      await sql`insert into ${table} (user_id, ${column}, seq, bytes) values (${userId}, ${id}, ${seq}, ${bytes})`.execute(
        db,
      )
    },
    async *read({ userId, id }) {
      for (let seq = 0; ; seq++) {
        const { rows } = await sql<{ bytes: Buffer }>`
          select bytes from ${table} where user_id = ${userId} and ${column} = ${id} and seq = ${seq}
        `.execute(db)
        if (rows[0] === undefined) return
        yield rows[0].bytes
      }
    },
    async remove({ userId, id }) {
      const all = sql`user_id = ${userId} and ${column} = ${id}`
      for (;;) {
        const { rows } = await sql`
          delete from ${table} where ${all} and seq in (select seq from ${table} where ${all} limit ${REMOVED_AT_ONCE})
          returning seq
        `.execute(db)
        if (rows.length < REMOVED_AT_ONCE) return
      }
    },
  }
}
