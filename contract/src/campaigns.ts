import { z } from 'zod'
import { id, instant } from './common.ts'
import { FAILURE_CATEGORIES } from './errors.ts'
import { frequencyCap } from './frequencyCap.ts'
import { country, REJECT_REASONS } from './imports.ts'
import { campaignMessage } from './campaignMessages.ts'
import { CAMPAIGN_STATUSES, PAUSE_REASONS, RECIPIENT_STATUSES } from './states.ts'

export { campaignMessage, MAX_TEXT_LENGTH, type CampaignMessage } from './campaignMessages.ts'

export const MAX_STEPS = 10
/** Recipients typed into one request; longer lists come as an import. */
export const MAX_TYPED_RECIPIENTS = 10_000
/** UTF-16 units: room for so many numbers with short names. */
const MAX_TYPED_TEXT = 400_000
/** Seconds between two messages of one campaign. Below 5 s only where the gateway paces itself. */
export const MIN_DELAY_S = 5
export const MAX_DELAY_S = 300

export const DEFAULT_TIME_ZONE = 'America/Sao_Paulo'
/** A start that was missed by more than this waits for a person. */
export const MISSED_AFTER_MINUTES = 15

const wallClock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'Write it as HH:MM.')

/**
 * Hours and weekdays in which a campaign may send, as wall time in its zone. An end at or before the start lies on the
 * next day; `days` are those on which the window opens, 0 is Sunday.
 */
export const sendingWindow = z.strictObject({
  startTime: wallClock,
  endTime: wallClock,
  days: z.array(z.int().min(0).max(6)).min(1).max(7),
})
export type SendingWindow = z.infer<typeof sendingWindow>

export const typedRecipient = z.strictObject({
  phone: z.string().min(1).max(200),
  name: z.string().max(500).optional(),
  variables: z.record(z.string().min(1).max(100), z.string().max(4096)).optional(),
})
export type TypedRecipient = z.infer<typeof typedRecipient>

export const UNKNOWN_POLICIES = ['resend', 'hold', 'skip'] as const
export type UnknownPolicy = (typeof UNKNOWN_POLICIES)[number]

export const createCampaignBody = z
  .strictObject({
    name: z.string().trim().min(1).max(120),
    /** Or by the header `token`, or both for the same channel. */
    channelId: id.optional(),
    messages: z.array(campaignMessage).min(1).max(MAX_STEPS),
    recipients: z.strictObject({
      contacts: z.array(typedRecipient).max(MAX_TYPED_RECIPIENTS).optional(),
      /** Numbers as people type them, separated by comma, semicolon or line; words beside a number are the name. */
      typed: z.string().min(1).max(MAX_TYPED_TEXT).optional(),
      importIds: z.array(id).max(100).optional(),
      groupIds: z.array(id).max(100).optional(),
      tagIds: z.array(id).max(100).optional(),
      /** Leaves out whom these campaigns have written to. */
      excludeCampaignIds: z.array(id).max(50).optional(),
    }),
    /** Seconds; drawn per message between the two. */
    delayMin: z.number().min(0).max(MAX_DELAY_S),
    delayMax: z.number().min(0).max(MAX_DELAY_S),
    randomizeOrder: z.boolean().default(false),
    unknownPolicy: z.enum(UNKNOWN_POLICIES).default('resend'),
    /** An instant (`…Z`, `…-03:00`) or a wall time in `timeZone`. */
    scheduledAt: z.string().max(40).optional(),
    timeZone: z.string().min(1).max(60).optional(),
    sendingWindow: sendingWindow.optional(),
    /** Goes on by itself, slower at first, when its number is connected again. */
    autoResume: z.boolean().default(false),
    defaultCountry: country.optional(),
    /** Beside the account's own: who has reached either is left out, when chosen and again right before the message. */
    frequencyCap: frequencyCap.optional(),
    start: z.boolean().default(false),
  })
  .refine((body) => body.delayMin <= body.delayMax, { path: ['delayMax'], error: 'delayMax is below delayMin.' })
  .refine((body) => !(body.start && body.scheduledAt !== undefined), {
    path: ['scheduledAt'],
    error: 'A campaign starts at once or at a time, not both.',
  })
export type CreateCampaignBody = z.input<typeof createCampaignBody>

/** `PATCH /:id/config`: what may change while a campaign runs. Null takes the window or the schedule away. */
export const campaignConfigBody = z
  .strictObject({
    /** Name and messages only until the first start; afterwards CAMPAIGN_CONTENT_FROZEN. */
    name: z.string().trim().min(1).max(120).optional(),
    messages: z.array(campaignMessage).min(1).max(MAX_STEPS).optional(),
    delayMin: z.number().min(0).max(MAX_DELAY_S).optional(),
    delayMax: z.number().min(0).max(MAX_DELAY_S).optional(),
    sendingWindow: sendingWindow.nullable().optional(),
    timeZone: z.string().min(1).max(60).optional(),
    autoResume: z.boolean().optional(),
    /** Only for drafts and scheduled campaigns. */
    scheduledAt: z.string().max(40).nullable().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'Name at least one field to change.')
export type CampaignConfigBody = z.infer<typeof campaignConfigBody>

/**
 * What became of the people chosen: `chosen` is the sum of the others, but for `lackingVariables`. `suppressed`,
 * `excluded` and `recentlyWritten` are in the books, too, as `skipped`: together with `recipients` they are `stats.total`.
 */
export const audienceTotals = z.object({
  chosen: z.number(),
  /** To be written to. */
  recipients: z.number(),
  duplicates: z.number(),
  invalid: z.number(),
  suppressed: z.number(),
  excluded: z.number(),
  recentlyWritten: z.number(),
  /** Of the recipients, those without something that a text speaks of and has no fallback for. */
  lackingVariables: z.number(),
})
export type AudienceTotals = z.infer<typeof audienceTotals>

/** What was typed at `index` (from 0; those of `typed` follow those of `contacts`) and is no number that can be dialled. */
export const refusedRecipient = z.object({
  index: z.number(),
  field: z.string(),
  input: z.string(),
  reason: z.enum(REJECT_REASONS),
})
export type RefusedRecipient = z.infer<typeof refusedRecipient>

/** Answer of `POST /api/user/bulk-campaigns` (201). `totals` is complete when `preparing` is false. */
export const createdCampaign = z.object({
  campaignId: id,
  status: z.enum(CAMPAIGN_STATUSES),
  preparing: z.boolean(),
  totals: audienceTotals,
  /** Of `recipients.contacts` and `recipients.typed`, every one that was refused; they are counted in `totals.invalid`. */
  refused: z.array(refusedRecipient).optional(),
})
export type CreatedCampaign = z.infer<typeof createdCampaign>

/** `POST /:id/retry-failed`. Without `categories` all failures; BLOCKED_NUMBER is never retried. */
export const retryFailedBody = z.strictObject({
  categories: z
    .array(z.enum(FAILURE_CATEGORIES).exclude(['BLOCKED_NUMBER']))
    .min(1)
    .max(FAILURE_CATEGORIES.length)
    .optional(),
  /** Also those of whom nobody knows; some may get the message twice. */
  includeUnknown: z.boolean().default(false),
  start: z.boolean().default(false),
})

/** Answer of `retry-failed` (201): a campaign of its own. */
export const retriedCampaign = createdCampaign.extend({
  retryOf: id,
  /** How many it will write to; `leftOut` counts the others by category, and `unknown`. */
  recipients: z.number(),
  leftOut: z.record(z.string(), z.number()),
})
export type RetriedCampaign = z.infer<typeof retriedCampaign>

/**
 * `POST /:id/unknown`: what a person decides about recipients in `unknown`. `sent` and `skip` at any time; `resend`
 * (same id, same bytes) while the campaign runs or is paused. All of them, or those named.
 */
export const decideUnknownBody = z.strictObject({
  action: z.enum(['resend', 'sent', 'skip']),
  contactIds: z.array(z.int().min(1)).min(1).max(10_000).optional(),
})
export type DecideUnknownBody = z.infer<typeof decideUnknownBody>

export const decidedUnknown = z.object({ campaignId: id, decided: z.number() })

export const counts = z.object(
  Object.fromEntries(RECIPIENT_STATUSES.map((status) => [status, z.number()])) as Record<
    (typeof RECIPIENT_STATUSES)[number],
    z.ZodNumber
  >,
)
/** The books: `total` is the sum of the states. */
export const stats = counts.extend({ total: z.number() })
export type Stats = z.infer<typeof stats>

export const recentError = z.object({
  contactId: z.number().nullable(),
  /** Masked but for the last four digits. */
  phone: z.string().nullable(),
  category: z.enum(FAILURE_CATEGORIES),
  code: z.string(),
  message: z.string(),
  at: instant,
})
export type RecentError = z.infer<typeof recentError>

/** `GET /api/user/bulk-campaigns/:id/progress`, and each `progress` event of `/:id/events`. */
export const campaignProgress = z.object({
  campaignId: id,
  status: z.enum(CAMPAIGN_STATUSES),
  pauseReason: z.enum(PAUSE_REASONS).nullable(),
  preparing: z.boolean(),
  startRequested: z.boolean(),
  stats,
  /** For people, in Portuguese; the web words it itself from the seconds. */
  estimatedTimeRemaining: z.string().nullable(),
  estimatedSecondsRemaining: z.number().nullable(),
  /** Accepted messages per minute spent running; null before the first. */
  averageSpeed: z.number().nullable(),
  recentErrors: z.array(recentError).max(5),
  failedByCategory: z.record(z.string(), z.number()),
  /** When a running campaign that sends nothing by plan goes on by itself, and what it waits for; null while it sends. */
  waitsUntil: instant.nullable(),
  waitsFor: z.enum(['window', 'dailyCap']).nullable(),
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  at: instant,
})
export type CampaignProgress = z.infer<typeof campaignProgress>

/** One row of the list. */
export const campaignSummary = z.object({
  id,
  name: z.string(),
  channelId: id,
  channelName: z.string(),
  status: z.enum(CAMPAIGN_STATUSES),
  pauseReason: z.enum(PAUSE_REASONS).nullable(),
  preparing: z.boolean(),
  startRequested: z.boolean(),
  stats,
  scheduledAt: instant.nullable(),
  timeZone: z.string(),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
})
export type CampaignSummary = z.infer<typeof campaignSummary>

/** `GET /api/user/bulk-campaigns/:id` */
export const campaignDetails = campaignSummary.extend({
  messages: z.array(campaignMessage),
  delayMin: z.number(),
  delayMax: z.number(),
  randomizeOrder: z.boolean(),
  unknownPolicy: z.enum(UNKNOWN_POLICIES),
  sendingWindow: sendingWindow.nullable(),
  autoResume: z.boolean(),
  totals: audienceTotals,
  frequencyCap: frequencyCap.nullable(),
  excludeCampaignIds: z.array(id),
  /** The campaign whose failed recipients this one tries again. */
  retryOf: id.nullable(),
})
export type CampaignDetails = z.infer<typeof campaignDetails>

export const campaignFilter = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(200))
    .optional(),
  cursor: z.string().max(200).optional(),
  status: z.enum(CAMPAIGN_STATUSES).optional(),
})

/** Answer of start, pause, resume and cancel. */
export const campaignState = z.object({
  campaignId: id,
  status: z.enum(CAMPAIGN_STATUSES),
  pauseReason: z.enum(PAUSE_REASONS).nullable(),
  preparing: z.boolean(),
  startRequested: z.boolean(),
})
export type CampaignState = z.infer<typeof campaignState>

/** One recipient in the books. */
export const campaignContact = z.object({
  contactId: z.number(),
  phone: z.string(),
  name: z.string().nullable(),
  status: z.enum(RECIPIENT_STATUSES),
  messageId: z.string().nullable(),
  attempts: z.number(),
  errorCategory: z.enum(FAILURE_CATEGORIES).nullable(),
  errorCode: z.string().nullable(),
  statusAt: instant,
})
export type CampaignContact = z.infer<typeof campaignContact>

export const campaignContactFilter = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(200))
    .optional(),
  cursor: z.string().max(200).optional(),
  status: z.enum(RECIPIENT_STATUSES).optional(),
})
