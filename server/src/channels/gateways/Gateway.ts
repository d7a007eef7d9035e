import type { FailureCategory } from '#contract/errors.ts'

/** A message ready to leave. `id` is ours, the same for every attempt; the body must be the same too. */
export type OutgoingMessage = {
  id: string
  /** E.164 digits without `+`, or the JID that the gateway gave for the number. */
  to: string
  content: OutgoingContent
}

export type OutgoingContent =
  | { type: 'text'; text: string }
  | { type: 'image' | 'video' | 'audio' | 'document'; bytes: Uint8Array; mimeType: string; fileName?: string; caption?: string }

/**
 * Why a send (or another call) failed, decided at the adapter from codes and exact strings.
 * `fate` says whether the message may have left all the same; `scope` whether only this recipient is concerned
 * or the whole channel; `permanent` that repeating cannot help; `notBefore` the earliest instant the gateway allows.
 */
export type SendFailure = {
  category: FailureCategory
  /** Stable and short: `HTTP_500`, `SERVER_ERROR_463`, `PROTOCOL`, `ECONNREFUSED` … */
  code: string
  fate: 'notSent' | 'maybe'
  permanent: boolean
  scope: 'recipient' | 'channel'
  notBefore: Date | null
  /** For people and the error log: at most 300 characters, no token, no phone number. */
  message: string
}

export type SendOutcome = { ok: true } | { ok: false; failure: SendFailure }

export type GatewayStatus = {
  connected: boolean
  loggedIn: boolean
  /** The number behind the channel, digits only, once paired. */
  number: string | null
}

export type NumberCheck = { query: string; isOnWhatsapp: boolean; jid: string | null }

/** What a webhook told us. One call can carry several. */
export type GatewayEvent =
  | { type: 'receipt'; messageIds: string[]; state: 'delivered' | 'read'; at: Date }
  | { type: 'connection'; state: 'connected' | 'disconnected' | 'logged_out' | 'banned'; until: Date | null }
  | { type: 'other'; name: string }

/** Thrown by everything but `send`, which answers with an outcome instead. */
export class GatewayError extends Error {
  readonly failure: SendFailure
  constructor(failure: SendFailure, options?: { cause?: unknown }) {
    super(failure.message, options)
    this.name = 'GatewayError'
    this.failure = failure
  }
}

/** One WhatsApp number behind one provider. One file per provider; the sandbox is spoken to through `wuzapi`. */
export interface Gateway {
  /** Longest life of one send in ms, and how many may be under way at once. */
  readonly limits: { deadlineMs: number; maxInFlight: number }
  /** Never throws. Aborting `signal` closes the request; the outcome is then a TIMEOUT whose fate is `maybe`. */
  send(message: OutgoingMessage, signal?: AbortSignal): Promise<SendOutcome>
  /** Ready to send = `connected && loggedIn`. Throws `GatewayError`. */
  status(): Promise<GatewayStatus>
  /** Whether numbers (E.164 digits) are on WhatsApp. A number without an answer is missing from the result. Throws `GatewayError`. */
  checkNumbers(numbers: string[]): Promise<NumberCheck[]>
  /** Makes the gateway call `url` for every event that matters. Throws `GatewayError`. */
  registerWebhook(url: string, hmacKey: string | null): Promise<void>
  close(): Promise<void>
}
