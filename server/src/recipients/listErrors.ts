import type { Db } from '#server/db/Database.ts'

/** Failed attempts and auto-pauses of one campaign, newest first, from before the row `before`. */
export async function listErrors(
  db: Db,
  userId: string,
  campaignId: string,
  page: { before: number | null; limit: number },
) {
  const { before } = page
  return db
    .selectFrom('campaign_error_logs as e')
    .leftJoin('campaign_contacts as c', (join) =>
      join
        .onRef('c.user_id', '=', 'e.user_id')
        .onRef('c.campaign_id', '=', 'e.campaign_id')
        .onRef('c.id', '=', 'e.contact_id'),
    )
    .select([
      'e.id',
      'e.contact_id as contactId',
      'c.phone',
      'e.error_type as category',
      'e.error_code as code',
      'e.error_message as message',
      'e.created_at as at',
    ])
    .where('e.user_id', '=', userId)
    .where('e.campaign_id', '=', campaignId)
    .$if(before !== null, (rows) => rows.where('e.id', '<', before ?? 0))
    .orderBy('e.id', 'desc')
    .limit(page.limit)
    .execute()
}
