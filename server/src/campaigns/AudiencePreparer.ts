import { sql, type Updateable } from 'kysely'
import { LRUCache } from 'lru-cache'
import { isFinal } from '#contract/states.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import type { Bell } from '#server/lib/Bell.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { expandChunk, findSource } from '#server/recipients/expandAudience.ts'
import { findHeaders, type NeededVariables } from '#server/recipients/lackingVariables.ts'
import type { LeaveOut } from '#server/recipients/leaveOut.ts'
import { fillSendHistory, findAccountCap, toCap } from '#server/recipients/sendHistory.ts'
import { neededVariables } from '#server/templates/neededVariables.ts'
import { getCounts } from '#server/recipients/recipientQueries.ts'
import { moveCampaigns } from './campaignQueries.ts'
import type { CampaignRow, CampaignsTable } from './campaignTables.ts'

const CHUNK = 10_000
/** Campaigns whose headers are remembered while they are expanded: asking for every chunk reads a thousand contacts each time. */
const HEADERS_KEPT = 100
/** From here on the planner needs fresh statistics before the first claim; autovacuum would come a minute later. */
const ANALYZE_FROM = 1000

/**
 * Expands the audience of campaigns in the background, one chunk a transaction, resumable at any point: where it stands
 * is on the campaign's row and moves with the recipients it made. Several processes share the work by skipping rows
 * that another one has locked.
 */
export class AudiencePreparer {
  readonly #db: Db
  readonly #audit: AuditLogger
  readonly #bell: Bell
  readonly #poller: Poller
  /** Notes what an account sent before its first frequency cap; the account's campaigns wait for it. */
  readonly #historian: Poller
  /** Campaigns that failed to expand: they wait until the others are done, or one of them would stop all. */
  readonly #setAside = new Set<string>()
  readonly #headers = new LRUCache<string, NeededVariables>({ max: HEADERS_KEPT })
  #stopListening: (() => void) | null = null

  constructor(options: { db: Db; audit: AuditLogger; bell: Bell; log: Log; pollMs: number }) {
    this.#db = options.db
    this.#audit = options.audit
    this.#bell = options.bell
    const { pollMs: intervalMs, log } = options
    this.#poller = new Poller({ work: () => this.#round(), intervalMs, log })
    this.#historian = new Poller({ work: () => this.#fillHistory(), intervalMs, log })
  }

  start(): void {
    this.#stopListening ??= this.#bell.onRing(() => {
      this.#historian.nudge()
      this.#poller.nudge()
    })
    this.#historian.start()
    this.#poller.start()
  }

  async stop(): Promise<void> {
    this.#stopListening?.()
    this.#stopListening = null
    await Promise.all([this.#poller.stop(), this.#historian.stop()])
  }

  async #fillHistory(): Promise<boolean> {
    const didSome = await fillSendHistory(this.#db)
    if (didSome) this.#poller.nudge()
    return didSome
  }

  /** One chunk of one campaign; true when there may be more. */
  async #round(): Promise<boolean> {
    let taken: string | null = null
    try {
      const done = await transaction(this.#db, async (trx) => {
        const campaign = await lockNext(trx, [...this.#setAside])
        taken = campaign?.id ?? null
        if (campaign === undefined) return 'idle'
        return isNeeded(campaign) ? this.#expand(trx, campaign) : this.#abandon(trx, campaign)
      })
      if (done === 'idle') this.#setAside.clear()
      if (done === 'finished') this.#bell.ring()
      return done !== 'idle'
    } catch (error) {
      if (taken !== null) this.#setAside.add(taken)
      throw error
    }
  }

  async #expand(trx: Trx, campaign: CampaignRow): Promise<'more' | 'finished'> {
    const source = await findSource(trx, campaign.user_id, campaign.id, campaign.prepare_source)
    if (source === null) return this.#finish(trx, campaign)
    const chunk = await expandChunk(trx, source, {
      userId: campaign.user_id,
      campaignId: campaign.id,
      nextRecipient: campaign.next_recipient,
      afterKey: campaign.prepare_after,
      limit: CHUNK,
      isFirstSource: campaign.prepare_source === 0,
      orderSeed: campaign.randomize_order ? campaign.order_seed : null,
      leaveOut: await leaveOutOf(trx, campaign),
      needed: await this.#findHeaders(trx, campaign),
    })
    const exhausted = chunk.seen < CHUNK
    await updateCampaign(trx, campaign, {
      prepare_source: campaign.prepare_source + (exhausted ? 1 : 0),
      prepare_after: exhausted ? 0 : chunk.lastKey,
      next_recipient: campaign.next_recipient + chunk.seen,
      chosen: campaign.chosen + chunk.seen,
      duplicates: campaign.duplicates + chunk.seen - chunk.inserted,
      suppressed: campaign.suppressed + chunk.suppressed,
      excluded: campaign.excluded + chunk.excluded,
      recently_written: campaign.recently_written + chunk.recentlyWritten,
      lacking_variables: campaign.lacking_variables + chunk.lackingVariables,
    })
    return 'more'
  }

  /** As they were when the expansion began. */
  async #findHeaders(trx: Trx, campaign: CampaignRow): Promise<NeededVariables> {
    const names = neededVariables(campaign.messages)
    const key = `${campaign.id} ${names.join(' ')}`
    const known = this.#headers.get(key)
    if (known !== undefined) return known
    const found = await findHeaders(trx, campaign.user_id, names, { campaignId: campaign.id })
    this.#headers.set(key, found)
    return found
  }

  async #finish(trx: Trx, campaign: CampaignRow): Promise<'finished'> {
    await updateCampaign(trx, campaign, { preparing: false })
    if (campaign.next_recipient > ANALYZE_FROM) await sql`select analyze_recipients()`.execute(trx)
    if (campaign.status === 'cancelled') return 'finished'
    const { pending } = await getCounts(trx, campaign.user_id, campaign.id)
    const about = { campaignId: campaign.id, userId: campaign.user_id }
    if (pending === 0) {
      await moveCampaigns(trx, 'failed', { id: campaign.id })
      await this.#audit.log(trx, { ...about, userId: null, action: 'fail', details: { reason: 'no valid recipient' } })
    } else if (campaign.start_requested) {
      await moveCampaigns(trx, 'running', { id: campaign.id, from: ['draft', 'scheduled'] })
      await this.#audit.log(trx, { ...about, action: 'start', details: { from: campaign.status, recipients: pending } })
    }
    return 'finished'
  }

  async #abandon(trx: Trx, campaign: CampaignRow): Promise<'finished'> {
    await updateCampaign(trx, campaign, { preparing: false })
    return 'finished'
  }
}

/** Also of a campaign that was cancelled meanwhile: its books show everybody who was chosen, as cancelled. */
function isNeeded({ status, deleted_at }: CampaignRow): boolean {
  return deleted_at === null && (status === 'cancelled' || !isFinal(status))
}

/** By the caps as they are now: the account's may have changed since the last chunk. */
async function leaveOutOf(trx: Trx, campaign: CampaignRow): Promise<LeaveOut> {
  const own = toCap(campaign.cap_count, campaign.cap_days)
  const caps = [own, await findAccountCap(trx, campaign.user_id)].filter((cap) => cap !== null)
  return { excludeCampaignIds: campaign.exclude_campaign_ids, caps }
}

async function lockNext(trx: Trx, except: string[]): Promise<CampaignRow | undefined> {
  return trx
    .selectFrom('campaigns')
    .selectAll()
    .where('preparing', '=', true)
    .where(sql<boolean>`not exists (select from send_histories h where h.user_id = campaigns.user_id and not h.ready)`)
    .$if(except.length > 0, (query) => query.where('id', 'not in', except))
    .orderBy('created_at')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
}

async function updateCampaign(trx: Trx, campaign: CampaignRow, changes: Updateable<CampaignsTable>): Promise<void> {
  await trx
    .updateTable('campaigns')
    .set(changes)
    .where('user_id', '=', campaign.user_id)
    .where('id', '=', campaign.id)
    .execute()
}
