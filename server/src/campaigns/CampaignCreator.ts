import { randomInt } from 'node:crypto'
import type { Insertable } from 'kysely'
import type { z } from 'zod'
import type {
  CampaignMessage,
  createCampaignBody,
  CreatedCampaign,
  RefusedRecipient,
  RetriedCampaign,
  retryFailedBody,
} from '#contract/campaigns.ts'
import { FAILURE_CATEGORIES, type FailureCategory } from '#contract/errors.ts'
import { isFinal } from '#contract/states.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { forget, type Remember } from '#server/auth/idempotencyKeys.ts'
import { countryFor } from '#server/auth/userSettings.ts'
import { findChannel } from '#server/channels/channelQueries.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import type { ChannelService } from '#server/channels/ChannelService.ts'
import type { Sender } from '#server/channels/tokenValidator.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { requireMedia } from '#server/media/requireMedia.ts'
import {
  copyAudience,
  refuseErased,
  storeAudience,
  type AudienceSource,
  type TypedEntry,
} from '#server/recipients/expandAudience.ts'
import { getCounts, getFailures } from '#server/recipients/recipientQueries.ts'
import { keepSendHistory } from '#server/recipients/sendHistory.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { checkLinks } from '#server/templates/checkLinks.ts'
import { checkMessages, checkTexts } from '#server/templates/checkMessages.ts'
import { totalsOf, wrongState } from './campaignAnswers.ts'
import { audienceOf, checkSources, refusalsOf } from './audienceOf.ts'
import { findCampaign } from './campaignQueries.ts'
import { checkPace, timeColumnsOf, toMs } from './campaignSettings.ts'
import type { CampaignRow, CampaignsTable } from './campaignTables.ts'
import { withMessageTag } from './messageTag.ts'

export type CampaignCreatorDeps = {
  db: Db
  audit: AuditLogger
  channels: ChannelService
  suppressions: SuppressionList
  /** Rung after every creation, so that the audience is expanded at once. */
  bell: Bell
}

/** A plan that can be stored: its people are where the sources say, and who of the typed ones was refused. */
export type JudgedCampaign = {
  channel: ChannelRow
  plan: Plan
  sources: AudienceSource[]
  typed: TypedEntry[]
  refused: RefusedRecipient[]
}

export type ParsedBody = z.output<typeof createCampaignBody>
/** What a campaign says and how; its message ids and its order are drawn. */
type Plan = Omit<Insertable<CampaignsTable>, 'message_tag' | 'order_seed'>
type StoreAudience = (trx: Trx, campaignId: string) => Promise<void>

/** Whoever asked not to be written to, or may not be, is never written to again by a retry. */
const NEVER_RETRIED: FailureCategory = 'BLOCKED_NUMBER'

/** Makes campaigns: from a plan, as a copy, and to those whom an earlier one did not reach. */
export class CampaignCreator {
  readonly #deps: CampaignCreatorDeps

  constructor(deps: CampaignCreatorDeps) {
    this.#deps = deps
  }

  /**
   * Stores the plan and answers; the audience is expanded in the background. With `start` the campaign starts as soon
   * as that is done. Throws for a channel, import, group or campaign that is not there, a text that cannot be rendered,
   * a pace that the gateway does not bear, and when there is nobody to write to.
   */
  async create(
    actor: Sender,
    body: ParsedBody & { channelId: string },
    remember: Remember = forget,
  ): Promise<CreatedCampaign> {
    const { channels } = this.#deps
    const userId = actor.ownerId
    const { channel, plan, sources, typed, refused } = await this.judge(actor, body)
    if (body.start) await channels.requireReady(userId, channel.id)
    return this.#store(
      actor,
      plan,
      async (trx, id) => {
        if (body.frequencyCap !== undefined) await keepSendHistory(trx, userId)
        await storeAudience(trx, this.#deps.suppressions, userId, id, sources, typed)
      },
      (row) => ({ ...toCreated(row), refused }),
      remember,
    )
  }

  /** Everything about a plan that can be said before it is stored; `create` says in what ways it throws. */
  async judge(actor: Sender, body: ParsedBody & { channelId: string }): Promise<JudgedCampaign> {
    const { db, suppressions } = this.#deps
    const userId = actor.ownerId
    const channel = await findChannel(db, userId, body.channelId)
    if (channel === undefined) throw new AppError('UNKNOWN_CHANNEL', { details: [{ field: 'channelId' }] })
    checkPace(channel, toMs(body.delayMin), toMs(body.delayMax))
    checkMessages(channel, body.messages)
    checkTexts(body.messages)
    await checkLinks(body.messages)
    await checkSources(db, userId, body.recipients)
    const { sources, typed: given } = audienceOf(body, await countryFor(db, actor.userId, body.defaultCountry))
    const typed = await refuseErased(db, suppressions, userId, given)
    const plan = planOf(userId, body, typed)
    if (sources.length === 0) throw new AppError('NO_RECIPIENTS', { details: [{ field: 'recipients' }] })
    return { channel, plan, sources, typed, refused: refusalsOf(typed, body.recipients.contacts?.length ?? 0) }
  }

  /** A new draft with the same content, settings and people; its schedule is not copied. */
  async duplicate(actor: Sender, id: string, remember: Remember = forget): Promise<CreatedCampaign> {
    const userId = actor.ownerId
    const original = await this.#get(userId, id)
    const { invalid } = original
    const plan = { ...copyOf(original), retry_of: original.retry_of, chosen: invalid, invalid }
    return this.#store(actor, plan, (trx, copyId) => copyAudience(trx, userId, id, copyId), toCreated, remember)
  }

  /**
   * A new campaign, with ids of its own, to those whom an ended one did not reach. Blocked numbers are never among
   * them; `unknown` ones only when asked for, because some of them would get the message a second time.
   */
  async retryFailed(
    actor: Sender,
    id: string,
    body: z.output<typeof retryFailedBody>,
    remember: Remember = forget,
  ): Promise<RetriedCampaign> {
    const userId = actor.ownerId
    const original = await this.#get(userId, id)
    if (!isFinal(original.status)) throw wrongState(original)
    const categories = (body.categories ?? FAILURE_CATEGORIES).filter((category) => category !== NEVER_RETRIED)
    const who = await this.#countUnreached(userId, id, categories, body.includeUnknown)
    if (who.recipients === 0) throw new AppError('NO_RECIPIENTS', { details: who })
    if (body.start) await this.#deps.channels.requireReady(userId, original.channel_id)
    const source: AudienceSource = {
      kind: 'unreached',
      campaignId: id,
      categories,
      includesUnknown: body.includeUnknown,
    }
    return this.#store(
      actor,
      { ...copyOf(original), retry_of: id, start_requested: body.start },
      (trx, retryId) => storeAudience(trx, this.#deps.suppressions, userId, retryId, [source], []),
      (row) => ({ ...toCreated(row), retryOf: id, ...who }),
      remember,
    )
  }

  /** By the counters, so it costs the same for a million. */
  async #countUnreached(userId: string, id: string, categories: FailureCategory[], includesUnknown: boolean) {
    const { db } = this.#deps
    const failures = Object.entries(await getFailures(db, userId, id)).filter(([, failed]) => failed > 0)
    const { unknown } = await getCounts(db, userId, id)
    const isIncluded = ([category]: [string, number]) => categories.some((chosen) => chosen === category)
    const included = failures.filter(isIncluded).reduce((sum, [, failed]) => sum + failed, 0)
    const leftOut = Object.fromEntries(failures.filter((entry) => !isIncluded(entry)))
    if (unknown > 0 && !includesUnknown) leftOut['unknown'] = unknown
    return { recipients: included + (includesUnknown ? unknown : 0), leftOut }
  }

  /** The answer is what is remembered for repeats of the request, in the same transaction. */
  async #store<A extends object>(
    actor: Actor,
    plan: Plan,
    storePeople: StoreAudience,
    toAnswer: (row: CampaignRow) => A,
    remember: Remember,
  ): Promise<A> {
    const answer = await withMessageTag((tag) =>
      transaction(this.#deps.db, async (trx) => {
        await requireMedia(trx, plan.user_id, JSON.parse(plan.messages) as CampaignMessage[])
        const row = await this.#insert(trx, actor, { ...plan, message_tag: tag }, storePeople)
        const created = toAnswer(row)
        await remember(trx, created)
        return created
      }),
    )
    this.#deps.bell.ring()
    return answer
  }

  async #insert(
    trx: Trx,
    actor: Actor,
    plan: Plan & { message_tag: number },
    storePeople: StoreAudience,
  ): Promise<CampaignRow> {
    const row = await trx
      .insertInto('campaigns')
      .values({ ...plan, order_seed: randomInt(2 ** 47) })
      .returningAll()
      .executeTakeFirstOrThrow()
    await storePeople(trx, row.id)
    await this.#deps.audit.log(trx, {
      campaignId: row.id,
      ...doneBy(actor),
      action: 'create',
      details: {
        name: row.name,
        start: row.start_requested,
        scheduledAt: row.scheduled_at?.toISOString() ?? null,
        retryOf: row.retry_of,
      },
    })
    return row
  }

  async #get(userId: string, id: string): Promise<CampaignRow> {
    const { db } = this.#deps
    const row = await findCampaign(db, userId, id)
    if (row === undefined) throw new AppError('NOT_FOUND')
    if ((await findChannel(db, userId, row.channel_id)) === undefined) throw new AppError('UNKNOWN_CHANNEL')
    return row
  }
}

function planOf(userId: string, body: ParsedBody & { channelId: string }, typed: TypedEntry[]): Plan {
  const times = timeColumnsOf(body, new Date())
  const invalid = typed.filter((entry) => 'reason' in entry).length
  return {
    user_id: userId,
    channel_id: body.channelId,
    name: body.name,
    messages: JSON.stringify(body.messages),
    status: times.scheduled_at === null ? 'draft' : 'scheduled',
    ...times,
    auto_resume: body.autoResume,
    delay_min_ms: toMs(body.delayMin),
    delay_max_ms: toMs(body.delayMax),
    randomize_order: body.randomizeOrder,
    unknown_policy: body.unknownPolicy,
    start_requested: body.start,
    exclude_campaign_ids: [...new Set(body.recipients.excludeCampaignIds ?? [])],
    cap_count: body.frequencyCap?.count ?? null,
    cap_days: body.frequencyCap?.days ?? null,
    chosen: invalid,
    invalid,
  }
}

/** Content and settings of a campaign; nothing of its life. */
function copyOf(original: CampaignRow): Plan {
  const window = original.sending_window
  return {
    user_id: original.user_id,
    channel_id: original.channel_id,
    name: original.name,
    messages: JSON.stringify(original.messages),
    time_zone: original.time_zone,
    sending_window: window === null ? null : JSON.stringify(window),
    auto_resume: original.auto_resume,
    delay_min_ms: original.delay_min_ms,
    delay_max_ms: original.delay_max_ms,
    randomize_order: original.randomize_order,
    unknown_policy: original.unknown_policy,
    exclude_campaign_ids: original.exclude_campaign_ids,
    cap_count: original.cap_count,
    cap_days: original.cap_days,
  }
}

function toCreated(row: CampaignRow): CreatedCampaign {
  return { campaignId: row.id, status: row.status, preparing: row.preparing, totals: totalsOf(row) }
}
