import type { Db, Trx } from '#server/db/Database.ts'

export const AUDIT_ACTIONS = [
  'create',
  'start',
  'pause',
  'resume',
  'cancel',
  'delete',
  'edit',
  'auto-pause',
  'complete',
  'fail',
  'restore',
  'auto-correct',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

export type AuditEntry = {
  campaignId: string
  /** Who did it; null where the product did it by itself. */
  userId: string | null
  action: AuditAction
  /** What changed; no secrets. */
  details?: Record<string, unknown>
}

export type AuditRecord = AuditEntry & { id: number; createdAt: Date }

/** Who did what to which campaign. The row is written in the transaction of the change: both or neither. */
export class AuditLogger {
  async log(trx: Trx, entry: AuditEntry): Promise<void> {
    await this.logAll(trx, [entry])
  }

  async logAll(trx: Trx, entries: AuditEntry[]): Promise<void> {
    if (entries.length === 0) return
    const rows = entries.map((entry) => ({
      campaign_id: entry.campaignId,
      user_id: entry.userId,
      action: entry.action,
      details: JSON.stringify(entry.details ?? {}),
    }))
    await trx.insertInto('campaign_audit_logs').values(rows).execute()
  }

  /** Everything that happened to a campaign, oldest first. */
  async getHistory(db: Db, campaignId: string): Promise<AuditRecord[]> {
    const rows = await db
      .selectFrom('campaign_audit_logs')
      .selectAll()
      .where('campaign_id', '=', campaignId)
      .orderBy('id')
      .execute()
    return rows.map((row) => ({
      id: row.id,
      campaignId: row.campaign_id,
      userId: row.user_id,
      action: row.action as AuditAction,
      details: row.details,
      createdAt: row.created_at,
    }))
  }
}
