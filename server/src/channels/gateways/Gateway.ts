import type { FailureCategory } from '#contract/errors.ts'

/** A message ready to leave. `id` is ours, the same for every attempt; the body must be the same too. */
export type OutgoingMessage = {
  id: string
  /** E.164 digits without `+`, or the JID that the gateway gave for the number. */
  to: string
  content: OutgoingContent
}

export type MediaKind = 'image' | 'video' | 'audio' | 'document'

/**
 * Where the bytes of a medium are. `mediaId` (uploaded to this very number before) and `link` (fetched by the gateway)
 * are understood by the Cloud API only. Hand in the same `bytes` object again for the same file: it is then neither
 * hashed nor uploaded a second time.
 */
export type MediaSource = { bytes: Uint8Array; mimeType: string } | { mediaId: string } | { link: string }

export type OutgoingContent =
  | { type: 'text'; text: string }
  | ({ type: MediaKind; fileName?: string; caption?: string } & MediaSource)
  | ({ type: 'template' } & OutgoingTemplate)

/** An approved template of the Cloud API by name and language; only the parts that have variables are named. */
export type OutgoingTemplate = {
  name: string
  /** As the API lists it: `pt_BR`. */
  language: string
  header?: TemplateParameter | ({ type: 'image' | 'video' | 'document'; fileName?: string } & MediaSource)
  body?: TemplateParameter[]
  /** `index` is the place of the button in the template, from 0. */
  buttons?: { kind: 'url' | 'quickReply' | 'copyCode'; index: number; value: string }[]
}

/** `name` for templates with named parameters; without it the order counts. */
export type TemplateParameter = { type: 'text'; text: string; name?: string }

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

/** `gatewayId`: the gateway's own id of the accepted message, where it does not use ours. */
export type SendOutcome = { ok: true; gatewayId?: string } | { ok: false; failure: SendFailure }

export type GatewayStatus = {
  connected: boolean
  loggedIn: boolean
  /** The number behind the channel, digits only, once paired. */
  number: string | null
  /** What the Cloud API tells about the number beside that, in its own words (`GREEN`, `STANDARD`, `TIER_2K`). */
  rating?: { quality: string | null; throughput: string | null; messagingLimit: string | null }
}

/** Somebody in the address book of the phone behind a channel. `number`: E.164 digits. */
export type BookEntry = { number: string; name: string }

export type NumberCheck = { query: string; isOnWhatsapp: boolean; jid: string | null }

/**
 * What a webhook told us. One call can carry several. `failed` is a message that was accepted and did not arrive after
 * all. `messageIds` are ours; where the gateway did not repeat ours its own stands there, and always in `gatewayId`.
 */
export type GatewayEvent =
  | { type: 'receipt'; messageIds: string[]; state: 'sent' | 'delivered' | 'read'; at: Date; gatewayId?: string }
  | { type: 'receipt'; messageIds: string[]; state: 'failed'; failure: SendFailure; at: Date; gatewayId?: string }
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

/** Connecting a number with a code that its phone scans. Every call throws `GatewayError`. */
export type Pairing = {
  /** Starts the session without waiting for it; one that is already open is fine. */
  connect(): Promise<void>
  /** The picture to scan as a data URL (PNG), or null while there is none. */
  qr(): Promise<string | null>
  /** Makes WhatsApp forget the device; a session that waits to be scanned just ends. */
  logout(): Promise<void>
}

/** One WhatsApp number behind one provider. One file per provider; the sandbox is spoken to through `wuzapi`. */
export interface Gateway {
  /** Longest life of one send in ms, and how many may be under way at once. */
  readonly limits: {
    deadlineMs: number
    maxInFlight: number
    /** Messages a second that the number can take, where the gateway has such a limit. */
    maxPerSecond?: number
  }
  /**
   * Whether a second request with the same id and body is the same message for the recipient. Where it is not, a
   * message of unknown fate must never be sent again without a person's decision.
   */
  readonly isIdempotent: boolean
  /**
   * Never throws. Aborting `signal` closes the request; the outcome is then a TIMEOUT whose fate is `maybe`. `mayLeave`
   * is asked in the instant in which the first byte would leave, however long the message waited for a file to be
   * uploaded or for a connection; a message that may not is `notSent`, code ABORTED.
   */
  send(message: OutgoingMessage, signal?: AbortSignal, mayLeave?: () => boolean): Promise<SendOutcome>
  /** Ready to send = `connected && loggedIn`. Throws `GatewayError`. */
  status(): Promise<GatewayStatus>
  /** Whether numbers (E.164 digits) are on WhatsApp. A number without an answer is missing from the result. Throws `GatewayError`. */
  checkNumbers(numbers: string[]): Promise<NumberCheck[]>
  /** The address book of the phone; missing where the gateway knows none. Throws `GatewayError`. */
  readContacts?(): Promise<BookEntry[]>
  /** Missing where numbers are connected by other means. */
  readonly pairing?: Pairing
  /** Makes the gateway call `url` for every event that matters. Throws `GatewayError`. */
  registerWebhook(url: string, hmacKey: string | null): Promise<void>
  close(): Promise<void>
}
