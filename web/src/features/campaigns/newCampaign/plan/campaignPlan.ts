import { z } from 'zod'
import { DEFAULT_TIME_ZONE, MAX_STEPS, MIN_DELAY_S, UNKNOWN_POLICIES } from '#contract/campaigns.ts'
import { templateMessage } from '#contract/campaignMessages.ts'
import type { Channel } from '#contract/channels.ts'
import { randomId } from '../../../../lib/randomId.ts'

export const PLAN_STEPS = ['recipients', 'message', 'pace', 'check'] as const
export type PlanStep = (typeof PLAN_STEPS)[number]

/** Numbers that fit into the box: more come as a file, which says of each row what is wrong with it. */
export const MAX_TYPED = 500

export const MESSAGE_TYPES = ['text', 'image', 'video', 'audio', 'document', 'template'] as const
export type MessageType = (typeof MESSAGE_TYPES)[number]

/** A number field as it stands: null while it is empty or no number. */
const amount = z.number().nullable()

const message = z.object({
  /** Of this page alone: what tells two steps apart while they change places. */
  key: z.string(),
  type: z.enum(MESSAGE_TYPES),
  /** The text, or what stands under a file. */
  content: z.string(),
  mediaId: z.string().nullable(),
  fileName: z.string().nullable(),
  textFallback: z.string(),
  /** Pause after the message before; of the first nobody asks. */
  delaySeconds: amount,
  template: templateMessage.nullable().catch(null),
})
export type PlanMessage = z.infer<typeof message>

const ids = z.array(z.string()).max(100)
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]

function emptyMessage(): PlanMessage {
  return {
    key: randomId(),
    type: 'text',
    content: '',
    mediaId: null,
    fileName: null,
    textFallback: '',
    delaySeconds: 3,
    template: null,
  }
}

export function newMessage(change: Partial<PlanMessage> = {}): PlanMessage {
  return { ...emptyMessage(), ...change }
}

/** Each field by itself: one that an older version wrote otherwise must not take the text with it. */
const plan = z.object({
  name: z.string().catch(''),
  step: z.enum(PLAN_STEPS).catch('recipients'),
  typed: z.string().catch(''),
  defaultCountry: z.string().length(2).catch('BR'),
  importIds: ids.catch([]),
  groupIds: ids.catch([]),
  tagIds: ids.catch([]),
  excludeCampaignIds: ids.max(50).catch([]),
  cap: z.object({ on: z.boolean(), count: amount, days: amount }).catch({ on: false, count: 1, days: 7 }),
  messages: z
    .array(message)
    .min(1)
    .max(MAX_STEPS)
    .catch(() => [emptyMessage()]),
  channelId: z.string().catch(''),
  delayMin: amount.catch(8),
  delayMax: amount.catch(15),
  randomizeOrder: z.boolean().catch(false),
  starts: z.enum(['now', 'later']).catch('now'),
  /** Wall time in `timeZone`, as `datetime-local` writes it. */
  startsAt: z.string().max(40).catch(''),
  timeZone: z.string().catch(() => homeZone()),
  window: z
    .object({ on: z.boolean(), startTime: z.string(), endTime: z.string(), days: z.array(z.int().min(0).max(6)) })
    .catch({ on: false, startTime: '08:00', endTime: '20:00', days: EVERY_DAY }),
  autoResume: z.boolean().catch(false),
  unknownPolicy: z.enum(UNKNOWN_POLICIES).catch('resend'),
})

/** A campaign as it is being put together: everything as it was typed, finished or not. */
export type CampaignPlan = z.infer<typeof plan>

/** A stored plan back on the page; what cannot be read, or an older version left out, is as on a new one. */
export function readPlan(stored: unknown): CampaignPlan {
  return plan.parse(typeof stored === 'object' && stored !== null && !Array.isArray(stored) ? stored : {})
}

export function newPlan(change: Partial<CampaignPlan> = {}): CampaignPlan {
  return { ...readPlan({}), ...change }
}

/** WuzAPI drives a phone's own account, which haste costs; the others pace themselves. Seconds. */
export function leastDelayOf(channel: Channel | undefined): number {
  return channel === undefined || channel.gateway === 'wuzapi' ? MIN_DELAY_S : 0
}

/** Where this browser is; where it does not say, the zone that the product is at home in. */
function homeZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return zone === undefined || zone === '' ? DEFAULT_TIME_ZONE : zone
}
