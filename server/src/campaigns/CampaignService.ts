import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CampaignConfigBody, type CampaignState, type createCampaignBody } from '#contract/campaigns.ts'
import type { z } from 'zod'
import type { AuditAction, AuditLogger } from '#server/audit/AuditLogger.ts'
import { isFinal } from '#contract/states.ts'
import { findChannel } from '#server/channels/channelQueries.ts'
import type { ChannelService } from '#server/channels/ChannelService.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import { findImports } from '#server/contacts/importQueries.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import { storeAudience, type AudienceSource, type TypedEntry } from '#server/recipients/expandAudience.ts'
import { isProcessed } from './campaignLocks.ts'
import { findCampaign, lockCampaign, moveCampaigns } from './campaignQueries.ts'
import {
  checkMessages,
  checkPace,
  checkTexts,
  configColumnsOf,
  timeColumnsOf,
  toMs,
  type TimeColumns,
} from './campaignSettings.ts'
import type { CampaignRow } from './campaignTables.ts'

export type CampaignServiceDeps = {
  db: Db
  audit: AuditLogger
  channels: ChannelService
  /** Rung after every change that the dispatch should see at once. */
  bell: Bell
}

type ParsedBody = z.output<typeof createCampaignBody>
type NewCampaign = {
  userId: string
  body: ParsedBody
  times: TimeColumns
  sources: AudienceSource[]
  typed: TypedEntry[]
}

const DEFAULT_COUNTRY = 'BR'
const UNIQUE_VIOLATION = '23505'
/** A worker that is alive lets go within a poll; one that is not loses its lease anyway. */
const RELEASE_WAIT_MS = 5000

/** The plan: create it, start it, stop it. The doing is `dispatch`, which sees the state change. */
export class CampaignService {
  readonly #deps: CampaignServiceDeps

  constructor(deps: CampaignServiceDeps) {
    this.#deps = deps
  }

  /**
   * Stores the plan and answers; the audience is expanded in the background. With `start` the campaign starts as soon
   * as that is done. Throws for a channel or import that is not there, a text that cannot be rendered, a pace that the
   * gateway does not bear, and when there is nobody to write to.
   */
  async create(userId: string, body: ParsedBody): Promise<CampaignRow> {
    const { db, channels, bell } = this.#deps
    const channel = await findChannel(db, userId, body.channelId)
    if (channel === undefined) throw new AppError('UNKNOWN_CHANNEL', { details: [{ field: 'channelId' }] })
    checkPace(channel, toMs(body.delayMin), toMs(body.delayMax))
    checkMessages(channel, body.messages)
    checkTexts(body.messages)
    await this.#checkImports(userId, body.recipients.importIds ?? [])
    const times = timeColumnsOf(body, new Date())
    const campaign = { userId, body, times, ...audienceOf(body) }
    if (campaign.sources.length === 0) throw new AppError('NO_RECIPIENTS', { details: [{ field: 'recipients' }] })
    if (body.start) await channels.requireReady(userId, channel.id)
    const row = await this.#insert(campaign)
    bell.ring()
    return row
  }

  /**
   * Changes pace, window, zone, schedule and `autoResume`; a running campaign follows within a poll. A schedule given to
   * a draft makes it `scheduled`, one taken away makes it a draft again.
   */
  async configure(userId: string, id: string, body: CampaignConfigBody): Promise<CampaignState> {
    const channel = await this.#channelOf(userId, id)
    await transaction(this.#deps.db, async (trx) => {
      const campaign = await lockCampaign(trx, userId, id)
      if (campaign === undefined) throw new AppError('NOT_FOUND')
      const isWaiting = campaign.status === 'draft' || campaign.status === 'scheduled'
      if (isFinal(campaign.status) || (body.scheduledAt !== undefined && !isWaiting)) throw wrongState(campaign)
      const columns = configColumnsOf(campaign, body, new Date())
      checkPace(channel, columns.delay_min_ms, columns.delay_max_ms)
      await trx.updateTable('campaigns').set(columns).where('user_id', '=', userId).where('id', '=', id).execute()
      if (body.scheduledAt !== undefined) {
        const to = body.scheduledAt === null ? 'draft' : 'scheduled'
        await moveCampaigns(trx, to, { userId, id })
      }
      await this.#deps.audit.log(trx, { campaignId: id, userId, action: 'edit', details: { changes: body } })
    })
    this.#deps.bell.ring()
    return this.#state(userId, id)
  }

  /** draft → running; remembered while the audience is still being expanded. */
  async start(userId: string, id: string): Promise<CampaignState> {
    const campaign = await this.#get(userId, id)
    if (campaign.status !== 'draft' && campaign.status !== 'scheduled') throw wrongState(campaign)
    await this.#deps.channels.requireReady(userId, campaign.channel_id)
    if (campaign.preparing && (await this.#requestStart(userId, id))) return this.#state(userId, id)
    return this.#move(userId, id, 'start', (trx) =>
      moveCampaigns(trx, 'running', { userId, id, from: ['draft', 'scheduled'] }),
    )
  }

  /** running → paused. When it returns, no new request of this campaign starts. */
  async pause(userId: string, id: string): Promise<CampaignState> {
    const state = await this.#move(userId, id, 'pause', (trx) =>
      moveCampaigns(trx, 'paused', { userId, id, from: ['running'] }),
    )
    await this.#untilReleased(id)
    return state
  }

  /** paused → running, with exactly the rest. */
  async resume(userId: string, id: string): Promise<CampaignState> {
    const campaign = await this.#get(userId, id)
    if (campaign.status !== 'paused') throw wrongState(campaign)
    await this.#deps.channels.requireReady(userId, campaign.channel_id)
    return this.#move(userId, id, 'resume', (trx) => moveCampaigns(trx, 'running', { userId, id, from: ['paused'] }))
  }

  /** Ends the campaign for good, at once; its open rows follow in chunks. */
  async cancel(userId: string, id: string): Promise<CampaignState> {
    const state = await this.#move(userId, id, 'cancel', (trx) => moveCampaigns(trx, 'cancelled', { userId, id }))
    await this.#untilReleased(id)
    return state
  }

  async #move(
    userId: string,
    id: string,
    action: AuditAction,
    move: (trx: Trx) => ReturnType<typeof moveCampaigns>,
  ): Promise<CampaignState> {
    await transaction(this.#deps.db, async (trx) => {
      const [moved] = await move(trx)
      if (moved === undefined) {
        const campaign = await findCampaign(trx, userId, id)
        throw campaign === undefined ? new AppError('NOT_FOUND') : wrongState(campaign)
      }
      await this.#deps.audit.log(trx, { campaignId: id, userId, action, details: { from: moved.from } })
    })
    this.#deps.bell.ring()
    return this.#state(userId, id)
  }

  /** True when the wish to start was noted; false when the audience became ready meanwhile. */
  async #requestStart(userId: string, id: string): Promise<boolean> {
    return transaction(this.#deps.db, async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('campaigns')
        .set({ start_requested: true })
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .where('status', 'in', ['draft', 'scheduled'])
        .where('preparing', '=', true)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      await this.#deps.audit.log(trx, { campaignId: id, userId, action: 'start', details: { preparing: true } })
      return true
    })
  }

  /** The worker gives up the campaign's lock when it has seen the new state: that is its acknowledgement. */
  async #untilReleased(id: string): Promise<void> {
    const deadline = performance.now() + RELEASE_WAIT_MS
    while (performance.now() < deadline && (await isProcessed(this.#deps.db, id))) await sleep(20)
  }

  async #insert(campaign: NewCampaign): Promise<CampaignRow> {
    // The tag is drawn until it is free: a collision is one in four billion per campaign.
    for (let attempt = 1; ; attempt++) {
      try {
        return await transaction(this.#deps.db, (trx) => this.#insertOnce(trx, campaign))
      } catch (error) {
        const { code, constraint } = error as { code?: unknown; constraint?: unknown }
        if (attempt >= 3 || code !== UNIQUE_VIOLATION || constraint !== 'campaigns_message_tag_key') throw error
      }
    }
  }

  async #insertOnce(trx: Trx, { userId, body, times, sources, typed }: NewCampaign): Promise<CampaignRow> {
    const invalid = typed.filter((entry) => 'reason' in entry).length
    const row = await trx
      .insertInto('campaigns')
      .values({
        user_id: userId,
        channel_id: body.channelId,
        name: body.name,
        message_tag: randomInt(2 ** 32),
        messages: JSON.stringify(body.messages),
        status: times.scheduled_at === null ? 'draft' : 'scheduled',
        ...times,
        auto_resume: body.autoResume,
        delay_min_ms: toMs(body.delayMin),
        delay_max_ms: toMs(body.delayMax),
        randomize_order: body.randomizeOrder,
        order_seed: randomInt(2 ** 47),
        unknown_policy: body.unknownPolicy,
        start_requested: body.start,
        chosen: invalid,
        invalid,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    await storeAudience(trx, userId, row.id, sources, typed)
    await this.#deps.audit.log(trx, {
      campaignId: row.id,
      userId,
      action: 'create',
      details: { name: row.name, start: body.start, scheduledAt: row.scheduled_at?.toISOString() ?? null },
    })
    return row
  }

  async #checkImports(userId: string, ids: string[]): Promise<void> {
    if (ids.length === 0) return
    const finished = new Set(
      (await findImports(this.#deps.db, userId, ids)).filter((i) => i.status === 'completed').map((i) => i.id),
    )
    const missing = ids.filter((id) => !finished.has(id))
    if (missing.length > 0)
      throw new AppError('UNKNOWN_IMPORT', { details: [{ field: 'recipients.importIds', missing }] })
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

function wrongState(campaign: CampaignRow): AppError {
  return new AppError('CAMPAIGN_STATE', { details: { status: campaign.status, preparing: campaign.preparing } })
}

/** What was typed is judged now, so that the answer names every refusal; imports were judged when they came in. */
function audienceOf(body: ParsedBody): { sources: AudienceSource[]; typed: TypedEntry[] } {
  const typed = (body.recipients.contacts ?? []).map((recipient): TypedEntry => {
    const phone = normalizePhoneInput(recipient.phone, body.defaultCountry ?? DEFAULT_COUNTRY)
    if (!phone.ok) return { input: recipient.phone, reason: phone.reason }
    return { phone: phone.e164, name: recipient.name ?? null, variables: recipient.variables ?? {} }
  })
  const sources: AudienceSource[] = (body.recipients.importIds ?? []).map((importId) => ({ kind: 'import', importId }))
  return { sources: typed.length > 0 ? [{ kind: 'typed' }, ...sources] : sources, typed }
}
