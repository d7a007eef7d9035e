import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { cancelRecipients } from '#server/recipients/cancelRecipients.ts'
import { findDrift } from '#server/recipients/findDrift.ts'
import { makeSuspects } from '#server/recipients/makeSuspects.ts'
import { recount } from '#server/recipients/recipientQueries.ts'
import { freeFinalLock } from './campaignLocks.ts'

const CLOSE_CHUNK = 5000

type Campaign = { userId: string; id: string }

/** Puts right what should never be wrong, each with one audit row in the same transaction; nothing to do writes none. */
export class CampaignRepairer {
  readonly #db: Db
  readonly #audit: AuditLogger

  constructor(options: { db: Db; audit: AuditLogger }) {
    this.#db = options.db
    this.#audit = options.audit
  }

  /** Makes the counters say what the rows say; first looks without locking anybody out. */
  async correctCounters(campaign: Campaign): Promise<boolean> {
    if ((await findDrift(this.#db, campaign.userId, campaign.id)) === null) return false
    return this.#repair(campaign, 'counters', async (trx) => {
      const { counts, drifted } = await recount(trx, campaign.userId, campaign.id)
      return drifted ? { counts } : null
    })
  }

  /** Closes the open rows of a campaign that is over: `cancelled`, or `unknown` where something may have left. */
  async closeFinal(campaign: Campaign): Promise<boolean> {
    // By the counters somebody is open; perhaps only they are wrong.
    const corrected = await this.correctCounters(campaign)
    const closed = await this.#repair(campaign, 'open', async (trx) => {
      const rows = await cancelRecipients(trx, campaign.userId, campaign.id, CLOSE_CHUNK)
      return rows > 0 ? { rows } : null
    })
    return corrected || closed
  }

  /** Takes the lock of a campaign that is over from a worker that is gone. */
  async freeFinal(campaign: Campaign): Promise<boolean> {
    return this.#repair(campaign, 'lock', async (trx) => ((await freeFinalLock(trx, campaign.id)) ? {} : null))
  }

  /** Rows in `sending` that nobody would find become suspects of the present epoch. */
  async releaseSending(campaign: Campaign): Promise<boolean> {
    return this.#repair(campaign, 'sending', async (trx) => {
      const rows = await makeSuspects(trx, campaign.userId, campaign.id)
      return rows > 0 ? { rows } : null
    })
  }

  /** `work` returns what it did, for the audit, or null when there was nothing to do. */
  async #repair(
    campaign: Campaign,
    what: string,
    work: (trx: Trx) => Promise<Record<string, unknown> | null>,
  ): Promise<boolean> {
    return transaction(this.#db, async (trx) => {
      const done = await work(trx)
      if (done === null) return false
      const details = { what, ...done }
      await this.#audit.log(trx, { campaignId: campaign.id, userId: null, action: 'auto-correct', details })
      return true
    })
  }
}
