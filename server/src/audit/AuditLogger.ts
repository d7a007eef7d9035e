import { isIP } from 'node:net'
import { sql } from 'kysely'
import type { AccountAction, CampaignAction } from '#contract/audit.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { encodeDetails, encodeText } from './encodeDetails.ts'
import { logSweeps, sweepAll, type Removed, type Retention } from './sweeps.ts'

export type AuditAction = CampaignAction

type Doing = {
  /** Who did it; null where the product did it by itself, or nobody had signed in. */
  userId: string | null
  /** From where, as the request says. */
  address?: string | null
  /** What changed, before and after; names of secrets are left out, long values are cut. */
  details?: Record<string, unknown>
}

export type AuditEntry = Doing & { campaignId: string; action: CampaignAction }

export type AuditEvent = Doing & {
  action: AccountAction
  /** Whose account it is about; that of `userId` if not given. */
  ownerId?: string | null
  /** Id of what it was done to: a channel, a key, a user. */
  target?: string
}

export type AuditRecord = AuditEntry & { id: number; createdAt: Date; address: string | null }

/** Who did what to which campaign or account. The row is written in the transaction of the change: both or neither. */
export class AuditLogger {
  async log(trx: Trx, entry: AuditEntry): Promise<void> {
    await this.logAll(trx, [entry])
  }

  async logAll(trx: Trx, entries: AuditEntry[]): Promise<void> {
    if (entries.length === 0) return
    // The owner is taken from the campaign, which whoever changes it holds.
    await sql`
      insert into campaign_audit_logs (campaign_id, owner_id, user_id, action, details, address)
      select i.campaign_id, c.user_id, i.user_id, i.action, i.details, i.address
      from unnest(
        ${entries.map(({ campaignId }) => campaignId)}::uuid[], ${entries.map(({ userId }) => userId)}::uuid[],
        ${entries.map(({ action }) => action)}::text[],
        ${entries.map(({ details }) => encodeDetails(details ?? {}))}::jsonb[],
        ${entries.map(({ address }) => addressOf(address))}::inet[]
      ) with ordinality as i(campaign_id, user_id, action, details, address, n)
      left join campaigns c on c.id = i.campaign_id
      order by i.n
    `.execute(trx)
  }

  /** What happened to an account. Outside a transaction only where nothing is changed: a sign-in that was refused. */
  async logEvent(db: Db | Trx, event: AuditEvent): Promise<void> {
    await db
      .insertInto('audit_events')
      .values({
        owner_id: event.ownerId === undefined ? event.userId : event.ownerId,
        user_id: event.userId,
        action: event.action,
        target: event.target === undefined ? null : encodeText(event.target, 40),
        details: encodeDetails(event.details ?? {}),
        address: addressOf(event.address),
      })
      .execute()
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
      action: row.action as CampaignAction,
      details: row.details,
      address: row.address,
      createdAt: row.created_at,
    }))
  }

  /** Removes what has been kept long enough, in chunks, and says how many of each. */
  async cleanup(db: Db, retention: Retention): Promise<Removed> {
    return sweepAll(db, logSweeps(retention))
  }
}

/** Without the zone of a link-local address, which no other machine understands; null for what is no address. */
function addressOf(text: string | null | undefined): string | null {
  const address = (text ?? '').split('%', 1)[0] ?? ''
  return isIP(address) === 0 ? null : address
}
