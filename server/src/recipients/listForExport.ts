import { sql } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import type { RecipientStatus } from '#contract/states.ts'
import type { Db } from '#server/db/Database.ts'

/** A recipient as a file shows them. */
export type ExportedRecipient = {
  id: number
  /** `erased:…` where the person was erased. */
  phone: string
  name: string | null
  status: RecipientStatus
  category: FailureCategory | null
  code: string | null
  attempts: number
  sentAt: Date | null
  deliveredAt: Date | null
  readAt: Date | null
}

/**
 * One page of recipients by their numbers, from after `afterId`; all of them, or those in one state. Every instant is when
 * we learned of it.
 */
export async function listForExport(
  db: Db,
  userId: string,
  campaignId: string,
  options: { afterId: number; limit: number; status?: RecipientStatus | undefined },
): Promise<ExportedRecipient[]> {
  const { rows } = await sql<ExportedRecipient>`
    select id, phone, name, status, error_category as category, error_code as code, attempts,
      case when status = 'sent' then status_at else sent_at end as "sentAt",
      case when status = 'delivered' then status_at else delivered_at end as "deliveredAt",
      case when status = 'read' then status_at end as "readAt"
    from campaign_contacts
    where user_id = ${userId} and campaign_id = ${campaignId} and id > ${options.afterId}
      and ${options.status === undefined ? sql`true` : sql`status = ${options.status}`}
    order by id limit ${options.limit}
  `.execute(db)
  return rows
}
