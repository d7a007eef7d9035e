import { z } from 'zod'
import { sandboxBehaviour } from '#contract/channels.ts'

const share = z.number().min(0).max(1).optional()
const waitMs = z.int().min(0).max(600_000).optional()

/** Everything that can be set per number: what the product offers, and what only tests and the fault lab need. */
export const sandboxSettings = sandboxBehaviour.extend({
  /** Decides which numbers and messages fall into the shares below; the same seed gives the same ones. */
  seed: z.string().max(64).optional(),
  /** `A` speaks like the generation of May 2025: text timestamps, capitalised errors. `B` is January 2026. */
  profile: z.enum(['A', 'B']).optional(),
  deliveredDelayMinMs: waitMs,
  deliveredDelayMaxMs: waitMs,
  readDelayMinMs: waitMs,
  readDelayMaxMs: waitMs,
  /** Most message ids in one receipt. Ids that fall due together share a call. */
  receiptBatch: z.int().min(1).max(1_000).optional(),
  /** Share of receipts that come twice. */
  repeatedReceipts: share,
  /** Share of read messages whose `Delivered` never comes. */
  readWithoutDelivered: share,
  webhookFormat: z.enum(['json', 'form']).optional(),
  /** First wait of a webhook that was refused; it doubles, five attempts in all. The real gateway: 30 s. */
  webhookRetryMs: waitMs,
  /** Share of rows that `/user/check` leaves out. When none is left the answer is `null`. */
  checkMissing: share,
  /** `/user/check` answers in another order than asked. */
  checkShuffled: z.boolean().optional(),
  /** Share of Brazilian mobiles whose WhatsApp address lacks the ninth digit. */
  oldBrazilianJids: share,
  /** How long `connect` without `Immediate` takes. The real gateway: 10 s. */
  connectWaitMs: waitMs,
  /** After a QR code was first asked for, somebody scans it so much later; 0 is never. */
  autoPairMs: waitMs,
  /** How long codes are shown before the session ends by itself. The real gateway: 160 s. */
  qrLifeMs: waitMs,
})
export type SandboxSettings = z.infer<typeof sandboxSettings>
export type Settings = Required<SandboxSettings>

export const DEFAULT_SETTINGS: Settings = {
  latencyMinMs: 0,
  latencyMaxMs: 0,
  notOnWhatsapp: 0,
  transientErrors: 0,
  delivered: 0.95,
  read: 0.6,
  maxInFlight: 1,
  rateLimitPerMinute: 0,
  seed: 'sandbox',
  profile: 'B',
  deliveredDelayMinMs: 200,
  deliveredDelayMaxMs: 1_500,
  readDelayMinMs: 500,
  readDelayMaxMs: 5_000,
  receiptBatch: 20,
  repeatedReceipts: 0,
  readWithoutDelivered: 0,
  webhookFormat: 'json',
  webhookRetryMs: 1_000,
  checkMissing: 0,
  checkShuffled: false,
  oldBrazilianJids: 0,
  connectWaitMs: 1_000,
  autoPairMs: 5_000,
  qrLifeMs: 160_000,
}

/** The settings with `changes` over them; what `changes` does not name stays. */
export function changeSettings(settings: Settings, changes: SandboxSettings): Settings {
  const named = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  return { ...settings, ...named }
}

/**
 * The connection of a number:
 * `absent` no client at all (→ `ready` or `qr` by connect) · `registered-dead` a client that never got a connection ·
 * `qr` connected, waiting to be paired (→ `ready` when scanned) · `ready` can send · `dropped` paired, socket down.
 */
export const CONNECTION_STATES = ['absent', 'registered-dead', 'qr', 'ready', 'dropped'] as const
export type ConnectionState = (typeof CONNECTION_STATES)[number]

export const stateChange = z.strictObject({
  state: z.enum(CONNECTION_STATES),
  /** Event to report instead of the usual one of this change; null reports nothing. */
  event: z.enum(['Connected', 'Disconnected', 'LoggedOut', 'TemporaryBan', 'StreamError']).nullable().optional(),
})
export type StateChange = z.infer<typeof stateChange>

/** What happens to the next send to a number, instead of what the shares would have drawn. */
export const verdict = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sent') }),
  /** HTTP 500 with this tail after the usual prefix. `accept`: the message reached its recipient all the same. */
  z.strictObject({ kind: z.literal('error'), error: z.string(), accept: z.boolean().optional() }),
  /** Any status and body, as they stand. */
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    body: z.string(),
    contentType: z.string().optional(),
    retryAfter: z.string().optional(),
    accept: z.boolean().optional(),
  }),
  /** No answer, until the caller gives up or 120 s have passed. */
  z.strictObject({ kind: z.literal('hang'), accept: z.boolean().optional() }),
  z.strictObject({ kind: z.literal('resetBeforeAnswer') }),
  z.strictObject({ kind: z.literal('resetAfterAccept') }),
  z.strictObject({ kind: z.literal('delay'), ms: z.int().min(0).max(600_000) }),
  /** Accepted at once, the answer comes byte by byte. */
  z.strictObject({ kind: z.literal('drip'), everyMs: z.int().min(1).max(60_000) }),
])
export type Verdict = z.infer<typeof verdict>

/** Verdicts by number (digits), used up in order; `*` is for every number without its own. */
export const script = z.record(z.string().max(64), z.array(verdict).max(10_000))
export type Script = z.infer<typeof script>

/** `PUT /sandbox/users`: registers the number with this token, or changes the one that is there. */
export const registration = z.strictObject({
  token: z.string().min(1).max(256),
  name: z.string().max(200).optional(),
  hmacKey: z.string().min(32).max(256).nullable().optional(),
  behaviour: sandboxSettings.optional(),
  webhookUrl: z.string().max(2_000).optional(),
  events: z.array(z.string()).optional(),
})
export type Registration = z.infer<typeof registration>
