import type { z } from 'zod'
import type { sendMessageBody, SingleMessage, TestSendBody } from '#contract/messages.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { forget, type Remember } from '#server/auth/idempotencyKeys.ts'
import { untilReleased } from '#server/campaigns/campaignLocks.ts'
import { endClosing, findCampaign, moveCampaigns } from '#server/campaigns/campaignQueries.ts'
import { timeColumnsOf } from '#server/campaigns/campaignSettings.ts'
import { withMessageTag } from '#server/campaigns/messageTag.ts'
import {
  findSingle,
  insertSingle,
  listSingles,
  type NewSingle,
  type SingleRow,
} from '#server/campaigns/singleMessages.ts'
import { releaseChannel } from '#server/channels/channelHold.ts'
import { countryFor } from '#server/auth/userSettings.ts'
import { findChannel } from '#server/channels/channelQueries.ts'
import type { Sender } from '#server/channels/tokenValidator.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { requireMedia } from '#server/media/requireMedia.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import { addOnlyRecipient } from '#server/recipients/addOnlyRecipient.ts'
import { cancelRecipients } from '#server/recipients/cancelRecipients.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { lockToStorePeople } from '#server/suppressions/personLock.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { checkLinks } from '#server/templates/checkLinks.ts'
import { checkMessages, checkTexts } from '#server/templates/checkMessages.ts'
import { messageStateOf } from './messageState.ts'

export type MessageServiceDeps = {
  db: Db
  audit: AuditLogger
  suppressions: SuppressionList
  /** Rung after every change that the dispatch should see at once. */
  bell: Bell
}

type ParsedBody = z.output<typeof sendMessageBody>
type MessagePage = { items: SingleMessage[]; nextCursor: string | null }
type Recipient = Parameters<typeof addOnlyRecipient>[3]

/** One message to one person: a campaign of one, which the dispatch sends ahead of all others on its channel. */
export class MessageService {
  readonly #deps: MessageServiceDeps

  constructor(deps: MessageServiceDeps) {
    this.#deps = deps
  }

  /**
   * Stores the message, on its way or with its time, and answers: whether the channel is connected shows when it goes.
   * Throws for a channel that is not there, a phone that cannot be dialled, a text that cannot be rendered, a time that
   * does not exist.
   */
  async create(
    actor: Sender,
    body: ParsedBody & { channelId: string },
    remember: Remember = forget,
    trail: { testOf?: string } = {},
  ): Promise<SingleMessage> {
    const { db, bell } = this.#deps
    const userId = actor.ownerId
    const channel = await findChannel(db, userId, body.channelId)
    if (channel === undefined) throw new AppError('UNKNOWN_CHANNEL', { details: [{ field: 'channelId' }] })
    checkMessages(channel, [body.message], () => 'message')
    checkTexts([body.message], () => 'message')
    await checkLinks([body.message], () => 'message')
    const recipient = recipientOf(body, await countryFor(db, actor.userId, body.defaultCountry))
    const times = timeColumnsOf(body, new Date())
    const { channelId, message, unknownPolicy } = body
    const created = await withMessageTag((messageTag) =>
      transaction(db, async (trx) => {
        await this.#refuseSuppressed(trx, userId, recipient.phone)
        await requireMedia(trx, userId, [message], () => 'message')
        const single = { userId, channelId, message, unknownPolicy, times, messageTag }
        const answer = toMessage(await this.#insert(trx, actor, single, recipient, trail))
        await remember(trx, answer)
        return answer
      }),
    )
    bell.ring()
    return created
  }

  /**
   * Sends the first message of a campaign to one person, whatever state the campaign is in, just as it will be sent:
   * on its channel, under its policy, with dates of its zone. Throws NOT_FOUND, and what `create` throws.
   */
  async createTest(
    actor: Sender,
    campaignId: string,
    person: TestSendBody,
    remember?: Remember,
  ): Promise<SingleMessage> {
    const campaign = await findCampaign(this.#deps.db, actor.ownerId, campaignId)
    const message = campaign?.messages[0]
    if (campaign === undefined || message === undefined) throw new AppError('NOT_FOUND')
    const { channel_id: channelId, unknown_policy: unknownPolicy } = campaign
    const timeZone = campaign.content_zone ?? campaign.time_zone
    const body = { ...person, channelId, message, unknownPolicy, timeZone }
    return this.create(actor, body, remember, { testOf: campaignId })
  }

  async get(userId: string, id: string): Promise<SingleMessage> {
    return toMessage(await this.#row(userId, id))
  }

  /** Newest first. Throws VALIDATION_FAILED for a cursor that is not ours. */
  async list(userId: string, limit: number, cursor: string | null): Promise<MessagePage> {
    const before = cursor === null ? null : readCursor(cursor)
    const rows = await listSingles(this.#deps.db, userId, { limit: limit + 1, before })
    return onePage(rows, limit, { itemOf: toMessage, cursorOf: cursorOfRow })
  }

  /** Sends what was missed, or what has its time still ahead, now; what waits for its channel tries at once. */
  async send(actor: Sender, id: string): Promise<SingleMessage> {
    const userId = actor.ownerId
    const { db, audit, bell } = this.#deps
    await transaction(db, async (trx) => {
      const message = await this.#row(userId, id, trx)
      // The channel before the campaign, as claims do.
      if (message.heldReason !== null) await releaseChannel(trx, message.channelId)
      const [moved] = await moveCampaigns(trx, 'running', { userId, id, kind: 'single', from: ['paused', 'scheduled'] })
      if (moved === undefined && (message.status !== 'running' || message.heldReason === null))
        throw wrongState(message)
      const action = moved?.from === 'scheduled' ? 'start' : 'resume'
      if (moved !== undefined)
        await audit.log(trx, { campaignId: id, ...doneBy(actor), action, details: { from: moved.from } })
    })
    bell.ring()
    return this.get(userId, id)
  }

  /**
   * Cancels a message that is still open. When it returns nothing of it starts any more; the answer says what became of
   * a request that was under way. Throws MESSAGE_STATE when its fate was decided before.
   */
  async cancel(actor: Actor, id: string): Promise<SingleMessage> {
    const userId = actor.ownerId
    const { db, audit, bell } = this.#deps
    await transaction(db, async (trx) => {
      const [moved] = await moveCampaigns(trx, 'cancelled', { userId, id, kind: 'single' })
      const message = await findSingle(trx, userId, id)
      if (message === undefined) throw new AppError('NOT_FOUND')
      // Sent, but not yet called completed: too late as well.
      if (moved === undefined || !isOpen(message)) throw wrongState(message)
      await audit.log(trx, { campaignId: id, ...doneBy(actor), action: 'cancel', details: { from: moved.from } })
    })
    bell.ring()
    await untilReleased(db, id)
    await transaction(db, async (trx) => {
      await cancelRecipients(trx, userId, id, 1)
      await endClosing(trx, userId, id)
    })
    return this.get(userId, id)
  }

  /** Also those who were erased; held until the transaction ends, so that nobody is erased while they are stored. */
  async #refuseSuppressed(trx: Trx, userId: string, phone: string): Promise<void> {
    await lockToStorePeople(trx, userId)
    if ((await this.#deps.suppressions.find(trx, userId, phone)) === undefined) return
    throw new AppError('BLOCKED_NUMBER', { details: [{ field: 'phone', reason: SUPPRESSED }] })
  }

  async #insert(
    trx: Trx,
    actor: Actor,
    single: NewSingle,
    recipient: Recipient,
    trail: { testOf?: string },
  ): Promise<SingleRow> {
    const { audit } = this.#deps
    const { userId } = single
    const { id, status } = await insertSingle(trx, single)
    await addOnlyRecipient(trx, userId, id, recipient)
    const about = { campaignId: id, ...doneBy(actor) }
    const details = { kind: 'single', scheduledAt: single.times.scheduled_at?.toISOString() ?? null, ...trail }
    if (status === 'draft') {
      await moveCampaigns(trx, 'running', { userId, id })
      await audit.logAll(trx, [
        { ...about, action: 'create', details },
        { ...about, action: 'start', details: { from: 'draft' } },
      ])
    } else await audit.log(trx, { ...about, action: 'create', details })
    return this.#row(userId, id, trx)
  }

  async #row(userId: string, id: string, db: Db | Trx = this.#deps.db): Promise<SingleRow> {
    const row = await findSingle(db, userId, id)
    if (row === undefined) throw new AppError('NOT_FOUND')
    return row
  }
}

/** As the API shows it. */
export function toMessage(row: SingleRow): SingleMessage {
  return {
    messageId: row.id,
    channelId: row.channelId,
    phone: row.phone,
    name: row.name,
    message: row.message,
    ...messageStateOf(row),
    category: row.category,
    code: row.code,
    attempts: row.attempts,
    nextAttemptAt: row.recipient === 'retrying' ? (row.nextAttemptAt?.toISOString() ?? null) : null,
    gatewayMessageId: messageIdOf(row.messageTag, row.recipientId, row.step),
    scheduledAt: row.scheduledAt?.toISOString() ?? null,
    timeZone: row.timeZone,
    createdAt: row.createdAt.toISOString(),
    statusAt: row.statusAt.toISOString(),
  }
}

function isOpen({ recipient }: SingleRow): boolean {
  return recipient === 'pending' || recipient === 'retrying' || recipient === 'sending'
}

function wrongState(row: SingleRow): AppError {
  return new AppError('MESSAGE_STATE', { details: { state: messageStateOf(row).state } })
}

function recipientOf(body: ParsedBody, country: string): Recipient {
  const phone = normalizePhoneInput(body.phone, country)
  if (phone.ok) return { phone: phone.e164, name: body.name ?? null, variables: body.variables ?? {} }
  const message = 'This is not a number that can be dialled.'
  throw new AppError('UNPROCESSABLE', { details: [{ field: 'phone', reason: phone.reason, message }] })
}
