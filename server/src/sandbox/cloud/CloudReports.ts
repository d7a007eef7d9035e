import { createHmac } from 'node:crypto'
import { draw, randomBetween } from '../draw.ts'
import type { WebhookPoster } from '../WebhookPoster.ts'
import type { CloudNumber } from './CloudNumbers.ts'
import type { CloudStatus } from './cloudSettings.ts'
import type { Reports } from './decideCloudSend.ts'
import { metaJson, titleOf } from './graphAnswers.ts'

/** An accepted message, as far as its statuses name it. `callbackData` is `''` when the sender gave none. */
export type SentMessage = { wamid: string; waId: string; callbackData: string }

type Due = { number: CloudNumber; message: SentMessage; status: CloudStatus; code: number }

/** Statuses are looked at so often; those that fall due in between leave together. */
const TICK_MS = 25
/** While more webhooks than this wait, statuses stay here, where they are small and can still share a call. */
const POSTER_BACKLOG = 200
/** Beyond it new statuses are lost and counted, so that a dead receiver cannot fill the memory. */
const MAX_PENDING = 500_000

/** Reports accepted messages as sent, delivered, read or failed, some time later, by signed webhook. */
export class CloudReports {
  readonly #poster: WebhookPoster
  /** By tick in which they fall due. */
  readonly #buckets = new Map<number, Due[]>()
  #timer: NodeJS.Timeout | null = null
  pending = 0
  lost = 0

  constructor(poster: WebhookPoster) {
    this.#poster = poster
  }

  /** Nothing comes when the account has not subscribed or the number has no address. */
  schedule(number: CloudNumber, message: SentMessage, reports: Reports): void {
    if (number.webhookUrl === null || !number.subscribed) return
    for (const { status, atMs } of planReports(number, message, reports)) {
      const due = { number, message, status, code: reports.code }
      const repeats = draw(number.settings.seed, `again ${status}`, message.wamid) < number.settings.repeated ? 2 : 1
      for (let i = 0; i < repeats; i++) this.#put(Math.ceil(atMs / TICK_MS) + i, due)
    }
  }

  /** One update of any kind, at once. */
  post(number: CloudNumber, field: string, value: unknown): void {
    if (number.webhookUrl === null) return
    const entry = [{ id: number.wabaId, time: Math.floor(Date.now() / 1000), changes: [{ field, value }] }]
    const body = metaJson({ object: 'whatsapp_business_account', entry })
    const signature = createHmac('sha256', number.appSecret).update(body).digest('hex')
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
    this.#poster.enqueue({ url: number.webhookUrl, body, headers, nextWaitMs: number.settings.webhookRetryMs })
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#buckets.clear()
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
    for (const [number, dues] of Map.groupBy(bucket, (due) => due.number)) {
      const { statusBatch } = number.settings
      for (let at = 0; at < dues.length; at += statusBatch) {
        this.post(number, 'messages', describeStatuses(number, dues.slice(at, at + statusBatch)))
      }
    }
  }
}

type Planned = { status: CloudStatus; atMs: number }

/** What is reported when; scripted statuses follow one another tick by tick. */
function planReports(number: CloudNumber, { wamid }: SentMessage, { statuses }: Reports): Planned[] {
  const { settings } = number
  const sentAt = Date.now() + settings.sentDelayMs
  if (statuses !== null) return statuses.map((status, index) => ({ status, atMs: sentAt + index * TICK_MS }))
  const planned = [{ status: 'sent' as CloudStatus, atMs: sentAt }]
  if (draw(settings.seed, 'delivered', wamid) < settings.delivered) {
    const deliveredAt = sentAt + randomBetween(settings.deliveredDelayMinMs, settings.deliveredDelayMaxMs)
    const isRead = draw(settings.seed, 'read', wamid) < settings.read
    const isSilent = isRead && draw(settings.seed, 'silent', wamid) < settings.readWithoutDelivered
    if (!isSilent) planned.push({ status: 'delivered', atMs: deliveredAt })
    if (isRead)
      planned.push({
        status: 'read',
        atMs: deliveredAt + randomBetween(settings.readDelayMinMs, settings.readDelayMaxMs),
      })
  }
  return draw(settings.seed, 'shuffled', wamid) < settings.shuffled ? reverseTimes(planned) : planned
}

/** The last comes first: the order that a receiver is most likely not to have thought of. */
function reverseTimes(planned: Planned[]): Planned[] {
  const times = planned.map(({ atMs }) => atMs).toReversed()
  return planned.map(({ status }, index) => ({ status, atMs: times[index] ?? 0 }))
}

function describeStatuses(number: CloudNumber, dues: Due[]): unknown {
  const arrived = dues.filter(({ status }) => status !== 'failed')
  return {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: number.displayPhoneNumber.replace(/\D/g, ''), phone_number_id: number.id },
    // With a letter that Meta escapes: whoever checks the signature over JSON of his own making fails here.
    ...(arrived.length === 0
      ? {}
      : { contacts: arrived.map(({ message }) => ({ profile: { name: 'João 🐦' }, wa_id: message.waId })) }),
    statuses: dues.map(describeStatus),
  }
}

function describeStatus({ number, message, status, code }: Due): unknown {
  const { wamid, waId, callbackData } = message
  const hasEcho = callbackData !== '' && (status !== 'failed' || number.settings.echoOnFailed)
  const title = titleOf(code)
  return {
    id: wamid,
    status,
    timestamp: String(Math.floor(Date.now() / 1000)),
    recipient_id: waId,
    ...(hasEcho ? { biz_opaque_callback_data: callbackData } : {}),
    ...(status === 'failed'
      ? {
          errors: [
            {
              code,
              title,
              message: title,
              error_data: { details: title },
              href: '/documentation/business-messaging/whatsapp/support/error-codes',
            },
          ],
        }
      : { pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'marketing' } }),
  }
}
