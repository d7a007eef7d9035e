import type { CampaignConfigBody, CampaignState } from '#contract/campaigns.ts'
import { isFinal } from '#contract/states.ts'
import type { AuditAction, AuditLogger } from '#server/audit/AuditLogger.ts'
import { changesOf } from '#server/audit/changesOf.ts'
import { findChannel } from '#server/channels/channelQueries.ts'
import type { ChannelService } from '#server/channels/ChannelService.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import type { Sender } from '#server/channels/tokenValidator.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { requireMedia } from '#server/media/requireMedia.ts'
import { checkLinks } from '#server/templates/checkLinks.ts'
import { checkMessages, checkTexts } from '#server/templates/checkMessages.ts'
import { wrongState } from './campaignAnswers.ts'
import { untilReleased } from './campaignLocks.ts'
import { findCampaign, lockCampaign, markDeleted, moveCampaigns, noteStartRequest } from './campaignQueries.ts'
import { checkPace, configColumnsOf } from './campaignSettings.ts'
import type { CampaignRow } from './campaignTables.ts'

export type CampaignServiceDeps = {
  db: Db
  audit: AuditLogger
  channels: ChannelService
  /** Rung after every change that the dispatch should see at once. */
  bell: Bell
}

/** The life of a plan: change it, start it, stop it, delete it. The doing is `dispatch`, which sees the state change. */
export class CampaignService {
  readonly #deps: CampaignServiceDeps

  constructor(deps: CampaignServiceDeps) {
    this.#deps = deps
  }

  /**
   * Changes pace, window, zone, schedule and `autoResume`; a running campaign follows within a poll. A schedule given to
   * a draft makes it `scheduled`, one taken away makes it a draft again. Name and messages change until the first
   * start: everybody gets the same words.
   */
  async configure(actor: Sender, id: string, body: CampaignConfigBody): Promise<CampaignState> {
    const userId = actor.ownerId
    const channel = await this.#channelOf(userId, id)
    if (body.messages !== undefined) await checkLinks(body.messages)
    await transaction(this.#deps.db, async (trx) => {
      const campaign = await lockCampaign(trx, userId, id)
      if (campaign === undefined) throw new AppError('NOT_FOUND')
      const isWaiting = campaign.status === 'draft' || campaign.status === 'scheduled'
      if (isFinal(campaign.status) || (body.scheduledAt !== undefined && !isWaiting)) throw wrongState(campaign)
      if (hasContent(body) && campaign.started_at !== null) throw new AppError('CAMPAIGN_CONTENT_FROZEN')
      if (body.messages !== undefined) {
        checkMessages(channel, body.messages)
        checkTexts(body.messages)
        await requireMedia(trx, userId, body.messages)
      }
      const columns = configColumnsOf(campaign, body, new Date())
      checkPace(channel, columns.delay_min_ms, columns.delay_max_ms)
      await trx.updateTable('campaigns').set(columns).where('user_id', '=', userId).where('id', '=', id).execute()
      if (body.scheduledAt !== undefined) {
        const to = body.scheduledAt === null ? 'draft' : 'scheduled'
        await moveCampaigns(trx, to, { userId, id })
      }
      const details = { changes: changesOf(campaign, columns) }
      await this.#deps.audit.log(trx, { campaignId: id, ...doneBy(actor), action: 'edit', details })
    })
    this.#deps.bell.ring()
    return this.#state(userId, id)
  }

  /** draft → running; remembered while the audience is still being expanded. */
  async start(actor: Sender, id: string): Promise<CampaignState> {
    const userId = actor.ownerId
    const campaign = await this.#get(userId, id)
    if (campaign.status !== 'draft' && campaign.status !== 'scheduled') throw wrongState(campaign)
    await this.#deps.channels.requireReady(userId, campaign.channel_id)
    if (campaign.preparing && (await this.#requestStart(actor, id))) return this.#state(userId, id)
    return this.#move(actor, id, 'start', (trx) =>
      moveCampaigns(trx, 'running', { userId, id, kind: 'campaign', from: ['draft', 'scheduled'] }),
    )
  }

  /** running → paused. When it returns, no new request of this campaign starts. */
  async pause(actor: Actor, id: string): Promise<CampaignState> {
    const userId = actor.ownerId
    const state = await this.#move(actor, id, 'pause', (trx) =>
      moveCampaigns(trx, 'paused', { userId, id, kind: 'campaign', from: ['running'] }),
    )
    await untilReleased(this.#deps.db, id)
    return state
  }

  /** paused → running, with exactly the rest. */
  async resume(actor: Sender, id: string): Promise<CampaignState> {
    const userId = actor.ownerId
    const campaign = await this.#get(userId, id)
    if (campaign.status !== 'paused') throw wrongState(campaign)
    await this.#deps.channels.requireReady(userId, campaign.channel_id)
    return this.#move(actor, id, 'resume', (trx) => moveCampaigns(trx, 'running', { userId, id, from: ['paused'] }))
  }

  /** Ends the campaign for good, at once; its open rows follow in chunks. */
  async cancel(actor: Actor, id: string): Promise<CampaignState> {
    const userId = actor.ownerId
    const state = await this.#move(actor, id, 'cancel', (trx) =>
      moveCampaigns(trx, 'cancelled', { userId, id, kind: 'campaign' }),
    )
    await untilReleased(this.#deps.db, id)
    return state
  }

  /**
   * Out of every list, for good; what it did stays in the books, and late receipts still move its rows. Throws
   * CAMPAIGN_STATE while it runs or is paused: then it is cancelled first.
   */
  async delete(actor: Actor, id: string): Promise<void> {
    const userId = actor.ownerId
    await transaction(this.#deps.db, async (trx) => {
      const campaign = await lockCampaign(trx, userId, id)
      if (campaign === undefined) throw new AppError('NOT_FOUND')
      if (campaign.status === 'running' || campaign.status === 'paused') throw wrongState(campaign)
      await markDeleted(trx, userId, id)
      const { name, status } = campaign
      await this.#deps.audit.log(trx, { campaignId: id, ...doneBy(actor), action: 'delete', details: { name, status } })
    })
  }

  async #move(
    actor: Actor,
    id: string,
    action: AuditAction,
    move: (trx: Trx) => ReturnType<typeof moveCampaigns>,
  ): Promise<CampaignState> {
    const userId = actor.ownerId
    await transaction(this.#deps.db, async (trx) => {
      const [moved] = await move(trx)
      if (moved === undefined) {
        const campaign = await findCampaign(trx, userId, id)
        throw campaign === undefined ? new AppError('NOT_FOUND') : wrongState(campaign)
      }
      await this.#deps.audit.log(trx, { campaignId: id, ...doneBy(actor), action, details: { from: moved.from } })
    })
    this.#deps.bell.ring()
    return this.#state(userId, id)
  }

  /** True when the wish to start is noted, now or before; false when the audience became ready meanwhile. */
  async #requestStart(actor: Actor, id: string): Promise<boolean> {
    const userId = actor.ownerId
    return transaction(this.#deps.db, async (trx) => {
      const campaign = await lockCampaign(trx, userId, id)
      if (campaign?.preparing !== true || !['draft', 'scheduled'].includes(campaign.status)) return false
      if (campaign.start_requested) return true
      await noteStartRequest(trx, userId, id)
      await this.#deps.audit.log(trx, {
        campaignId: id,
        ...doneBy(actor),
        action: 'start',
        details: { preparing: true },
      })
      return true
    })
  }

  async #channelOf(userId: string, id: string): Promise<ChannelRow> {
    const campaign = await this.#get(userId, id)
    const channel = await findChannel(this.#deps.db, userId, campaign.channel_id)
    if (channel === undefined) throw new AppError('UNKNOWN_CHANNEL')
    return channel
  }

  async #get(userId: string, id: string): Promise<CampaignRow> {
    const row = await findCampaign(this.#deps.db, userId, id)
    if (row === undefined) throw new AppError('NOT_FOUND')
    return row
  }

  async #state(userId: string, id: string): Promise<CampaignState> {
    const row = await this.#get(userId, id)
    return {
      campaignId: row.id,
      status: row.status,
      pauseReason: row.pause_reason,
      preparing: row.preparing,
      startRequested: row.start_requested,
    }
  }
}

function hasContent({ name, messages }: CampaignConfigBody): boolean {
  return name !== undefined || messages !== undefined
}
