import { draw, randomBetween } from './draw.ts'
import type { SandboxUser } from './users.ts'
import type { WebhookPoster } from './WebhookPoster.ts'
import { wantsEvent } from './WebhookPoster.ts'

type ReceiptState = 'Delivered' | 'Read'
type Due = { user: SandboxUser; state: ReceiptState; messageId: string; number: string }

/** Receipts are looked at so often; those that fall due in between leave together. */
const TICK_MS = 50
/** While more webhooks than this wait, receipts stay here, where they are small and can still share a call. */
const POSTER_BACKLOG = 200
/** Beyond it new receipts are lost and counted, so that a dead receiver cannot fill the memory. */
const MAX_PENDING = 500_000

/** Reports accepted messages as delivered and read, some time later, by webhook. */
export class Receipts {
  readonly #poster: WebhookPoster
  /** By tick in which they fall due. */
  readonly #buckets = new Map<number, Due[]>()
  #timer: NodeJS.Timeout | null = null
  pending = 0
  lost = 0

  constructor(poster: WebhookPoster) {
    this.#poster = poster
  }

  /** Draws what will be reported of an accepted message. Nothing when the number has no webhook for receipts. */
  schedule(user: SandboxUser, messageId: string, number: string): void {
    if (!wantsEvent(user, 'ReadReceipt')) return
    const { settings } = user
    if (draw(settings.seed, 'delivered', messageId) >= settings.delivered) return
    const deliveredAt = Date.now() + randomBetween(settings.deliveredDelayMinMs, settings.deliveredDelayMaxMs)
    const isRead = draw(settings.seed, 'read', messageId) < settings.read
    const isSilent = isRead && draw(settings.seed, 'silent', messageId) < settings.readWithoutDelivered
    if (!isSilent) this.#add(deliveredAt, { user, state: 'Delivered', messageId, number })
    if (!isRead) return
    const readAt = deliveredAt + randomBetween(settings.readDelayMinMs, settings.readDelayMaxMs)
    this.#add(readAt, { user, state: 'Read', messageId, number })
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#buckets.clear()
  }

  #add(atMs: number, due: Due): void {
    const repeats = draw(due.user.settings.seed, due.state, due.messageId) < due.user.settings.repeatedReceipts ? 2 : 1
    for (let i = 0; i < repeats; i++) this.#put(Math.ceil(atMs / TICK_MS) + i, due)
  }

  #put(tick: number, due: Due): void {
    if (this.pending >= MAX_PENDING) {
      this.lost++
      return
    }
    this.pending++
    const bucket = this.#buckets.get(tick)
    if (bucket === undefined) this.#buckets.set(tick, [due])
    else bucket.push(due)
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS)
  }

  #tick(): void {
    const now = Date.now() / TICK_MS
    const ticks = [...this.#buckets.keys()].filter((tick) => tick <= now).toSorted((a, b) => a - b)
    for (const tick of ticks) {
      if (this.#poster.waiting > POSTER_BACKLOG) return
      this.#post(this.#buckets.get(tick) ?? [])
      this.#buckets.delete(tick)
    }
    if (this.pending > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #post(bucket: Due[]): void {
    this.pending -= bucket.length
    for (const group of groupForCalls(bucket)) {
      const first = group[0]
      if (first === undefined) continue
      const event = receiptEvent(
        first,
        group.map((due) => due.messageId),
      )
      this.#poster.post(first.user, { type: 'ReadReceipt', state: first.state, event })
    }
  }
}

/** Those of one user and state together, no call with more ids than the user's batch. */
function groupForCalls(bucket: Due[]): Due[][] {
  const groups: Due[][] = []
  const open = new Map<SandboxUser, Record<ReceiptState, Due[]>>()
  for (const due of bucket) {
    const ofUser = open.get(due.user) ?? { Delivered: [], Read: [] }
    open.set(due.user, ofUser)
    if (ofUser[due.state].length === 0) groups.push(ofUser[due.state])
    ofUser[due.state].push(due)
    if (ofUser[due.state].length >= due.user.settings.receiptBatch) ofUser[due.state] = []
  }
  return groups
}

/** About half of the chats are shown under a number that is not the phone's, as WhatsApp does. */
function receiptEvent({ state, number, user }: Due, messageIds: string[]): unknown {
  const lid = draw(user.settings.seed, 'lid', number)
  const chat = lid < 0.5 ? `${Math.floor(1e14 + lid * 8e14)}@lid` : `${number}@s.whatsapp.net`
  return {
    Chat: chat,
    Sender: chat,
    IsFromMe: false,
    IsGroup: false,
    AddressingMode: '',
    SenderAlt: '',
    RecipientAlt: '',
    BroadcastListOwner: '',
    BroadcastRecipients: null,
    MessageIDs: messageIds,
    Timestamp: new Date().toISOString(),
    Type: state === 'Read' ? 'read' : '',
    MessageSender: '',
  }
}
