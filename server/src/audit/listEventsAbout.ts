import type { Db } from '#server/db/Database.ts'

export type EventAbout = { action: string; at: Date; details: Record<string, unknown> }

/** What happened in an account to one of `targets`, oldest first. */
export async function listEventsAbout(db: Db, ownerId: string, targets: string[]): Promise<EventAbout[]> {
  if (targets.length === 0) return []
  return db
    .selectFrom('audit_events')
    .select(['action', 'created_at as at', 'details'])
    .where('owner_id', '=', ownerId)
    .where('target', 'in', targets)
    .orderBy('id')
    .execute()
}
