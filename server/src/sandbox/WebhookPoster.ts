import { createHmac } from 'node:crypto'
import { Agent, request } from 'undici'
import type { Log } from '#server/lib/logger.ts'
import { goJson } from './goAnswers.ts'
import type { SandboxUser } from './users.ts'

/** What WuzAPI puts beside the event itself. */
export type WebhookEvent = { type: string; event: unknown; state?: string }

/** One call to make: these bytes, and how long to wait before it is repeated. */
export type WebhookCall = { url: string; body: string; headers: Record<string, string>; nextWaitMs: number }
type Delivery = WebhookCall & { attempts: number }

/** Total attempts, from `WEBHOOK_RETRY_COUNT`. */
const ATTEMPTS = 5
/** Calls under way at once to one address: enough to keep a receiver busy, few enough to leave the sends the core. */
const CONCURRENCY = 4
/** Events that wait or wait to be repeated. Above it new ones are lost and counted, as they are when the server dies. */
const MAX_WAITING = 20_000
const TIMEOUT_MS = 30_000

/**
 * Posts events to the webhooks of numbers: in memory only, unordered when a call is repeated, lost with the process.
 * Never blocks: `post` returns at once, whatever the receiver does.
 */
export class WebhookPoster {
  readonly #log: Log
  readonly #agent = new Agent({ connections: CONCURRENCY, connectTimeout: 10_000 })
  readonly #queue: Delivery[] = []
  readonly #retries = new Set<NodeJS.Timeout>()
  #running = 0
  #closed = false
  posted = 0
  failedAttempts = 0
  lost = 0

  constructor(log: Log) {
    this.#log = log
  }

  /** How many events wait for their first or next attempt. */
  get waiting(): number {
    return this.#queue.length + this.#retries.size
  }

  /** Sends the event to the user's webhook if it wants events of this type. */
  post(user: SandboxUser, event: WebhookEvent): void {
    if (wantsEvent(user, event.type)) this.enqueue(buildCall(user, event))
  }

  /** Makes the call as soon as others leave room for it. */
  enqueue(call: WebhookCall): void {
    if (this.#closed) return
    if (this.waiting >= MAX_WAITING) {
      this.lost++
      return
    }
    this.#queue.push({ ...call, attempts: 0 })
    this.#startNext()
  }

  /** Drops what waits and cuts what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#retries) clearTimeout(timer)
    this.#queue.length = 0
    await this.#agent.destroy()
  }

  #startNext(): void {
    while (this.#running < CONCURRENCY) {
      const delivery = this.#queue.shift()
      if (delivery === undefined) return
      this.#running++
      void this.#deliver(delivery).finally(() => {
        this.#running--
        this.#startNext()
      })
    }
  }

  async #deliver(delivery: Delivery): Promise<void> {
    if (await this.#attempt(delivery)) {
      this.posted++
      return
    }
    this.failedAttempts++
    delivery.attempts++
    if (delivery.attempts < ATTEMPTS) this.#retryLater(delivery)
    else this.#giveUp()
  }

  /** True for any 2xx; the body is not looked at. */
  async #attempt({ url, body, headers }: Delivery): Promise<boolean> {
    try {
      const options = { method: 'POST', headers, body, dispatcher: this.#agent } as const
      const answer = await request(url, { ...options, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS })
      await answer.body.dump()
      return answer.statusCode >= 200 && answer.statusCode < 300
    } catch {
      return false
    }
  }

  #retryLater(delivery: Delivery): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#retries.delete(timer)
      this.#queue.push(delivery)
      this.#startNext()
    }, delivery.nextWaitMs)
    delivery.nextWaitMs *= 2
    this.#retries.add(timer)
  }

  #giveUp(): void {
    this.lost++
    if (this.lost === 1 || this.lost % 1_000 === 0) this.#log.warn({ lost: this.lost }, 'webhooks lost')
  }
}

export function wantsEvent(user: SandboxUser, type: string): boolean {
  return user.webhook !== '' && (user.activeEvents.has(type) || user.activeEvents.has('All'))
}

function buildCall(user: SandboxUser, { event, state, type }: WebhookEvent): WebhookCall {
  const shown = state === undefined ? { event } : { event, state }
  const form = user.settings.webhookFormat === 'form'
  const body = form
    ? new URLSearchParams({
        instanceName: user.name,
        jsonData: goJson({ ...shown, type }),
        userID: user.id,
      }).toString()
    : goJson({ event, instanceName: user.name, ...(state === undefined ? {} : { state }), type, userID: user.id })
  const contentType = form ? 'application/x-www-form-urlencoded' : 'application/json'
  const headers = { 'content-type': contentType, ...sign(user.signingKey, body) }
  return { url: user.webhook, body, headers, nextWaitMs: user.settings.webhookRetryMs }
}

/** Over the bytes as they are sent; nothing when there is no key. */
function sign(key: string, body: string): Record<string, string> {
  return key === '' ? {} : { 'x-hmac-signature': createHmac('sha256', key).update(body).digest('hex') }
}
