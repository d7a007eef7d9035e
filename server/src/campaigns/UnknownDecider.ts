import type { DecideUnknownBody } from '#contract/campaigns.ts'
import { isFinal } from '#contract/states.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Sender } from '#server/channels/tokenValidator.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { decideUnknown } from '#server/recipients/decideUnknown.ts'
import { wrongState } from './campaignAnswers.ts'
import { findCampaign, lockCampaign } from './campaignQueries.ts'
import type { CampaignRow } from './campaignTables.ts'

/** A settle of the campaign waits for at most so many rows. */
const CHUNK = 5000

/** Carries out what a person decides about recipients in `unknown`. */
export class UnknownDecider {
  readonly #db: Db
  readonly #audit: AuditLogger
  readonly #bell: Bell

  constructor(options: { db: Db; audit: AuditLogger; bell: Bell }) {
    this.#db = options.db
    this.#audit = options.audit
    this.#bell = options.bell
  }

  /**
   * In chunks, each with its audit row; returns how many were decided. Throws CAMPAIGN_STATE for a resend in a campaign
   * that has ended: what is final stays so, and a retry is a campaign of its own.
   */
  async decide(actor: Sender, id: string, body: DecideUnknownBody): Promise<number> {
    const campaign = allow(await findCampaign(this.#db, actor.ownerId, id), body)
    let decided = 0
    for (let after = 0, moved = CHUNK; moved === CHUNK; decided += moved) {
      const chunk = await retryOnConflict(() =>
        transaction(this.#db, (trx) => this.#decideChunk(trx, actor, campaign, { ...body, after })),
      )
      moved = chunk.moved
      after = chunk.last
    }
    if (decided > 0) this.#bell.ring()
    return decided
  }

  /** Rows and counters first, then the campaign: completion locks in this order too. */
  async #decideChunk(
    trx: Trx,
    actor: Actor,
    { user_id: userId, id, messages }: CampaignRow,
    { action, contactIds, after }: DecideUnknownBody & { after: number },
  ): Promise<{ moved: number; last: number }> {
    const books = { userId, id, lastStep: messages.length - 1 }
    const chunk = await decideUnknown(trx, books, action, { ids: contactIds ?? null, after, limit: CHUNK })
    if (chunk.moved === 0) return chunk
    allow(await lockCampaign(trx, userId, id), { action })
    const details = { unknown: action, recipients: chunk.moved }
    await this.#audit.log(trx, { campaignId: id, ...doneBy(actor), action: 'edit', details })
    return chunk
  }
}

/** The campaign, when the decision may be carried out in it; else throws, and what was written is undone. */
function allow(campaign: CampaignRow | undefined, { action }: Pick<DecideUnknownBody, 'action'>): CampaignRow {
  if (campaign === undefined) throw new AppError('NOT_FOUND')
  if (action === 'resend' && isFinal(campaign.status)) throw wrongState(campaign)
  return campaign
}
