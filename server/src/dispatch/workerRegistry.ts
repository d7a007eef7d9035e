import { hostname } from 'node:os'
import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'

/** Enters this process among those that may take campaigns. */
export async function registerWorker(db: Db, id: string): Promise<void> {
  await db.insertInto('workers').values({ id, host: hostname(), pid: process.pid }).execute()
}

/** Shows that the worker is alive; enters it again where somebody swept it away meanwhile (its seniority is then lost). */
export async function beat(db: Db, id: string): Promise<void> {
  await sql`
    insert into workers (id, host, pid) values (${id}, ${hostname()}, ${process.pid})
    on conflict (id) do update set heartbeat_at = clock_timestamp()
  `.execute(db)
}

export async function unregisterWorker(db: Db, id: string): Promise<void> {
  await db.deleteFrom('workers').where('id', '=', id).execute()
}

/**
 * Removes workers that have been silent for `silentMs`; they held nothing alive for long. Not `ownId`: after a long sleep
 * of the machine it is as silent as the dead.
 */
export async function sweepWorkers(db: Db, silentMs: number, ownId: string | null): Promise<void> {
  await sql`
    delete from workers where heartbeat_at < clock_timestamp() - ${silentMs}::double precision * interval '1 millisecond'
      and id is distinct from ${ownId}::uuid
  `.execute(db)
}
