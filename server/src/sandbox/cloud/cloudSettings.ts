import { z } from 'zod'

const share = z.number().min(0).max(1)
const waitMs = z.int().min(0).max(600_000)
const code = z.int().min(0).max(999_999)
const phoneNumberId = z.string().regex(/^\d{5,25}$/)

export const STATUSES = ['sent', 'delivered', 'read', 'played', 'failed'] as const
export type CloudStatus = (typeof STATUSES)[number]

/** A share of the recipients, always the same ones, that gets this error of Meta's. */
const faultShare = z.strictObject({
  code,
  share,
  /** `answer`: the send is refused. `webhook`: it is accepted and then reported as failed. */
  when: z.enum(['answer', 'webhook']),
  /** Only at the first request of each callback data. */
  once: z.boolean().optional(),
})

/** How a pretend number of the Cloud API behaves; everything can be changed while it runs. */
export const cloudBehaviour = z.strictObject({
  /** Decides who falls into the shares below. */
  seed: z.string().max(64).optional(),
  latencyMinMs: waitMs.optional(),
  latencyMaxMs: waitMs.optional(),
  faults: z.array(faultShare).max(20).optional(),
  /** Before 130429; 0 is no limit. */
  messagesPerSecond: z.int().min(0).max(100_000).optional(),
  delivered: share.optional(),
  read: share.optional(),
  /** After acceptance; 0 is before our own answer has been read. */
  sentDelayMs: waitMs.optional(),
  deliveredDelayMinMs: waitMs.optional(),
  deliveredDelayMaxMs: waitMs.optional(),
  readDelayMinMs: waitMs.optional(),
  readDelayMaxMs: waitMs.optional(),
  /** Share of messages whose statuses come in any order. */
  shuffled: share.optional(),
  /** Share of statuses that come twice. */
  repeated: share.optional(),
  /** Share of read messages whose `delivered` never comes. */
  readWithoutDelivered: share.optional(),
  /** Most statuses in one call; Meta puts up to 1,000 together. */
  statusBatch: z.int().min(1).max(1_000).optional(),
  /** Whether our callback data come back with a `failed`; Meta's pages disagree. */
  echoOnFailed: z.boolean().optional(),
  /** First wait of a webhook that was refused; it doubles, five attempts in all. */
  webhookRetryMs: waitMs.optional(),
  /** Share of Brazilian mobiles whose WhatsApp id lacks the ninth digit. */
  oldBrazilianIds: share.optional(),
})
export type CloudBehaviour = z.infer<typeof cloudBehaviour>
export type CloudSettings = Required<CloudBehaviour>

export const DEFAULT_CLOUD_SETTINGS: CloudSettings = {
  seed: 'cloud',
  latencyMinMs: 0,
  latencyMaxMs: 0,
  faults: [],
  messagesPerSecond: 80,
  delivered: 0.95,
  read: 0.6,
  sentDelayMs: 50,
  deliveredDelayMinMs: 200,
  deliveredDelayMaxMs: 1_500,
  readDelayMinMs: 500,
  readDelayMaxMs: 5_000,
  shuffled: 0,
  repeated: 0,
  readWithoutDelivered: 0,
  statusBatch: 100,
  echoOnFailed: true,
  webhookRetryMs: 1_000,
  oldBrazilianIds: 0,
}

/** The settings with `changes` over them; what `changes` does not name stays. */
export function changeCloudSettings(settings: CloudSettings, changes: CloudBehaviour): CloudSettings {
  const named = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  return { ...settings, ...named }
}

/** An approved template, as far as sends are checked against it. */
export const cloudTemplate = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  language: z.string().max(20),
  status: z.string().max(40).default('APPROVED'),
  category: z.enum(['MARKETING', 'UTILITY', 'AUTHENTICATION']).default('MARKETING'),
  parameterFormat: z.enum(['POSITIONAL', 'NAMED']).default('POSITIONAL'),
  body: z.string().max(1024),
  headerFormat: z.enum(['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT']).optional(),
})
export type CloudTemplate = z.infer<typeof cloudTemplate>

/** What happens to the next request for a recipient, instead of what the shares would have drawn. */
export const cloudVerdict = z.discriminatedUnion('kind', [
  /** Accepted; with `statuses` exactly these are reported, in this order, `failed` with `code`. */
  z.strictObject({
    kind: z.literal('accept'),
    statuses: z.array(z.enum(STATUSES)).max(10).optional(),
    code: code.optional(),
    messageStatus: z.enum(['accepted', 'held_for_quality_assessment', 'paused']).optional(),
  }),
  /** Refused with this error. Without a `status` the one of Meta's table. */
  z.strictObject({
    kind: z.literal('error'),
    code,
    status: z.int().min(200).max(599).optional(),
    subcode: z.int().optional(),
    isTransient: z.boolean().optional(),
    retryAfter: z.string().max(60).optional(),
    /** For the usage header: when the limit is free again. */
    regainMinutes: z.number().optional(),
    /** The message leaves all the same: the case that no idempotency key exists for. */
    accept: z.boolean().optional(),
  }),
  /** Any status and body, as they stand. */
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    body: z.string(),
    contentType: z.string().optional(),
    accept: z.boolean().optional(),
  }),
  /** No answer, until the caller gives up or 120 s have passed. */
  z.strictObject({ kind: z.literal('hang'), accept: z.boolean().optional() }),
  z.strictObject({ kind: z.literal('resetBeforeAnswer') }),
  z.strictObject({ kind: z.literal('resetAfterAccept') }),
  z.strictObject({ kind: z.literal('delay'), ms: waitMs }),
  z.strictObject({ kind: z.literal('drip'), everyMs: z.int().min(1).max(60_000) }),
])
export type CloudVerdict = z.infer<typeof cloudVerdict>

/** Verdicts by number (digits), used up in order; `*` is for every number without its own. */
export const cloudScript = z.record(z.string().max(64), z.array(cloudVerdict).max(10_000))

/** What Meta knows about the number. */
export const cloudState = z.strictObject({
  status: z.string().max(40).optional(),
  quality: z.enum(['GREEN', 'YELLOW', 'RED', 'UNKNOWN']).optional(),
  canSend: z.enum(['AVAILABLE', 'LIMITED', 'BLOCKED']).optional(),
  tokenRevoked: z.boolean().optional(),
})

/** `PUT /sandbox/cloud/numbers`: adds the number, or changes the one that is there. */
export const cloudRegistration = z.strictObject({
  phoneNumberId,
  token: z
    .string()
    .regex(/^[\x21-\x7e]{8,256}$/)
    .optional(),
  appSecret: z.string().min(8).max(256).optional(),
  wabaId: phoneNumberId.optional(),
  displayPhoneNumber: z.string().max(40).optional(),
  /** Subscribes at once, without the question whether the address is ours. */
  webhookUrl: z.url().max(2_000).nullable().optional(),
  behaviour: cloudBehaviour.optional(),
  /** Once there is one, sends by template are checked against the list. */
  templates: z.array(cloudTemplate).max(1_000).optional(),
})
export type CloudRegistration = z.infer<typeof cloudRegistration>

/** `POST …/webhook`: any update, signed and sent as Meta would. */
export const cloudUpdate = z.strictObject({ field: z.string().max(100), value: z.record(z.string(), z.unknown()) })
