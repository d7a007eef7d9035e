import { sql } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import type { Bell } from '#server/lib/Bell.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import {
  collectChunks,
  finishChunk,
  planChunks,
  takeChunk,
  type AudienceChunk,
} from '#server/recipients/audienceChunks.ts'
import { expandChunk, findSource, type AudienceSource, type ExpandedChunk } from '#server/recipients/expandAudience.ts'
import { findHeaders, type NeededVariables } from '#server/recipients/lackingVariables.ts'
import type { LeaveOut } from '#server/recipients/leaveOut.ts'
import { fillSendHistory, findAccountCap, toCap } from '#server/recipients/sendHistory.ts'
import { neededVariables } from '#server/templates/neededVariables.ts'
import { getCounts } from '#server/recipients/recipientQueries.ts'
import { moveCampaigns } from './campaignQueries.ts'
import type { CampaignRow } from './campaignTables.ts'
import { findPreparing, isNeeded, lockNext, NOBODY, reachedWith, updateCampaign } from './preparingCampaigns.ts'

const CHUNK = 10_000
/** Campaigns whose headers are remembered while they are expanded; asking again costs as much as 2,000 recipients. */
const HEADERS_KEPT = 100
/** Another process may have planned chunks; this one hears of its own at once. */
const HELP_MS = 5000
/** From here on the planner needs fresh statistics before the first claim; autovacuum would come a minute later. */
const ANALYZE_FROM = 1000

/**
 * Expands the audience of campaigns in the background, one chunk a transaction, resumable at any point: where it stands
 * is in the database and moves with the recipients it made. The chunks of a long list are planned first and then
 * expanded two beside each other; everything else comes one after the other, because who is in two sources belongs to
 * the first. Several processes share the work by skipping rows that another one has locked.
 */
export class AudiencePreparer {
  readonly #db: Db
  readonly #audit: AuditLogger
  readonly #bell: Bell
  readonly #chunkSize: number
  readonly #poller: Poller
  /** Takes planned chunks beside the other one. */
  readonly #helper: Poller
  /** Notes what an account sent before its first frequency cap; the account's campaigns wait for it. */
  readonly #historian: Poller
  /** Campaigns that failed to expand: they wait until the others are done, or one of them would stop all. */
  readonly #setAside = new Set<string>()
  readonly #headers = new LRUCache<string, NeededVariables>({ max: HEADERS_KEPT })
  #stopListening: (() => void) | null = null

  /** `chunkSize`: people of one transaction. */
  constructor(options: { db: Db; audit: AuditLogger; bell: Bell; log: Log; pollMs: number; chunkSize?: number }) {
    this.#db = options.db
    this.#audit = options.audit
    this.#bell = options.bell
    this.#chunkSize = options.chunkSize ?? CHUNK
    const { pollMs: intervalMs, log } = options
    this.#poller = new Poller({ work: () => this.#round(), intervalMs, log })
    this.#helper = new Poller({ work: () => this.#help(), intervalMs: HELP_MS, log })
    this.#historian = new Poller({ work: () => this.#fillHistory(), intervalMs, log })
  }

  start(): void {
    this.#stopListening ??= this.#bell.onRing(() => {
      this.#historian.nudge()
      this.#poller.nudge()
    })
    this.#historian.start()
    this.#poller.start()
    this.#helper.start()
  }

  async stop(): Promise<void> {
    this.#stopListening?.()
    this.#stopListening = null
    await Promise.all([this.#poller.stop(), this.#helper.stop(), this.#historian.stop()])
  }

  async #fillHistory(): Promise<boolean> {
    const didSome = await fillSendHistory(this.#db)
    if (didSome) this.#poller.nudge()
    return didSome
  }

  /** One step of one campaign; true when there may be more. */
  async #round(): Promise<boolean> {
    if (await this.#expandPlanned()) return true
    const done = await this.#settingAside(async (trx, take) => {
      const campaign = await lockNext(trx, [...this.#setAside])
      if (campaign === undefined) return 'idle'
      take(campaign.id)
      return isNeeded(campaign) ? this.#expandNext(trx, campaign) : this.#abandon(trx, campaign)
    })
    if (done === 'idle') this.#setAside.clear()
    if (done === 'planned') this.#helper.nudge()
    if (done === 'finished') this.#bell.ring()
    return done !== 'idle'
  }

  /** The last of the planned chunks lets the campaign go on. */
  async #help(): Promise<boolean> {
    const didSome = await this.#expandPlanned()
    if (didSome) this.#poller.nudge()
    return didSome
  }

  /** Runs a step in a transaction; the campaign that `work` said it takes waits for the others when that fails. */
  async #settingAside<T>(work: (trx: Trx, take: (campaignId: string) => void) => Promise<T>): Promise<T> {
    let taken: string | null = null
    try {
      return await transaction(this.#db, (trx) => work(trx, (campaignId) => (taken = campaignId)))
    } catch (error) {
      if (taken !== null) this.#setAside.add(taken)
      throw error
    }
  }

  /** One planned chunk of any campaign; false when there is none to be had. */
  #expandPlanned(): Promise<boolean> {
    return this.#settingAside(async (trx, take) => {
      const chunk = await takeChunk(trx, [...this.#setAside])
      if (chunk === undefined) return false
      take(chunk.campaignId)
      await finishChunk(trx, chunk, await this.#expandIfNeeded(trx, chunk))
      return true
    })
  }

  async #expandIfNeeded(trx: Trx, chunk: AudienceChunk): Promise<ExpandedChunk> {
    const campaign = await findPreparing(trx, chunk.userId, chunk.campaignId)
    const source = await findSource(trx, chunk.userId, chunk.campaignId, chunk.source)
    if (campaign === undefined || source === null || !isNeeded(campaign)) return NOBODY
    return this.#expand(trx, campaign, source, chunk)
  }

  /** Plans the next chunks of a long list, or expands what is less than a chunk or no list. */
  async #expandNext(trx: Trx, campaign: CampaignRow): Promise<'more' | 'planned' | 'finished'> {
    const { user_id: userId, id: campaignId, prepare_source: position } = campaign
    const source = await findSource(trx, userId, campaignId, position)
    if (source === null) return this.#finish(trx, campaign)
    const reached = reachedWith(campaign, await collectChunks(trx, userId, campaignId))
    const { next_recipient: firstRecipient, prepare_after: afterKey } = reached
    const from = { userId, campaignId, firstRecipient, source: position, afterKey }
    if (position === 0 && (await planChunks(trx, source, from, this.#chunkSize)) > 0) {
      await updateCampaign(trx, campaign, reached)
      return 'planned'
    }
    const chunk = await this.#expand(trx, campaign, source, from)
    const exhausted = chunk.seen < this.#chunkSize
    await updateCampaign(trx, campaign, {
      ...reachedWith({ ...campaign, ...reached }, [{ firstRecipient, made: chunk }]),
      ...(exhausted && { prepare_source: position + 1, prepare_after: 0 }),
    })
    return 'more'
  }

  async #expand(
    trx: Trx,
    campaign: CampaignRow,
    source: AudienceSource,
    { firstRecipient, afterKey, lastKey }: Omit<AudienceChunk, 'lastKey'> & { lastKey?: number },
  ): Promise<ExpandedChunk> {
    return expandChunk(trx, source, {
      userId: campaign.user_id,
      campaignId: campaign.id,
      nextRecipient: firstRecipient,
      afterKey,
      ...(lastKey === undefined ? {} : { lastKey }),
      limit: this.#chunkSize,
      isFirstSource: campaign.prepare_source === 0,
      orderSeed: campaign.randomize_order ? campaign.order_seed : null,
      leaveOut: await leaveOutOf(trx, campaign),
      needed: await this.#findHeaders(trx, campaign),
    })
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
    await collectChunks(trx, campaign.user_id, campaign.id)
    await updateCampaign(trx, campaign, { preparing: false })
    return 'finished'
  }
}

/** By the caps as they are now: the account's may have changed since the last chunk. */
async function leaveOutOf(trx: Trx, campaign: CampaignRow): Promise<LeaveOut> {
  const own = toCap(campaign.cap_count, campaign.cap_days)
  const caps = [own, await findAccountCap(trx, campaign.user_id)].filter((cap) => cap !== null)
  return { excludeCampaignIds: campaign.exclude_campaign_ids, caps }
}
