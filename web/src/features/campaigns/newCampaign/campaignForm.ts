import { z } from 'zod'
import {
  createCampaignBody,
  MAX_DELAY_S,
  MAX_TEXT_LENGTH,
  MAX_TYPED_RECIPIENTS,
  MIN_DELAY_S,
  type CreateCampaignBody,
} from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'

/** What the form holds: the contract's body, with the recipients still as they were typed. */
const fields = z.object({
  name: createCampaignBody.shape.name,
  typed: z.string(),
  importIds: z.array(z.string()),
  defaultCountry: z.string(),
  content: z.string().trim().min(1).max(MAX_TEXT_LENGTH),
  channelId: z.string().min(1),
  delayMin: z.number().min(0).max(MAX_DELAY_S),
  delayMax: z.number().min(0).max(MAX_DELAY_S),
  randomizeOrder: z.boolean(),
})
export type CampaignForm = z.infer<typeof fields>

export const EMPTY_FORM: CampaignForm = {
  name: '',
  typed: '',
  importIds: [],
  defaultCountry: 'BR',
  content: '',
  channelId: '',
  delayMin: 8,
  delayMax: 15,
  randomizeOrder: false,
}

/** The sandbox has no number to lose, so it alone may go without a pause. */
export function leastDelayOf(channel: Channel | undefined): number {
  return channel?.gateway === 'wuzapi' ? MIN_DELAY_S : 0
}

/** The form's rules. The least pause depends on the channel chosen, so the channels are asked for at each check. */
export function campaignFormSchema(channels: readonly Channel[]) {
  return fields.superRefine((form, context) => {
    const fail = (path: keyof CampaignForm, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    const typed = parseTypedRecipients(form.typed).recipients.length
    if (typed === 0 && form.importIds.length === 0) fail('typed', 'recipientsMissing')
    if (typed > MAX_TYPED_RECIPIENTS) fail('typed', `recipientsTooMany|${MAX_TYPED_RECIPIENTS}`)
    const least = leastDelayOf(channels.find((channel) => channel.id === form.channelId))
    if (form.delayMin < least) fail('delayMin', `delayTooShort|${least}`)
    if (form.delayMax < form.delayMin) fail('delayMax', 'maxBelowMin')
  })
}

/** The request that a checked form stands for. */
export function toBody(form: CampaignForm, start: boolean): CreateCampaignBody {
  const contacts = parseTypedRecipients(form.typed).recipients
  return {
    name: form.name,
    channelId: form.channelId,
    messages: [{ type: 'text', content: form.content }],
    recipients: {
      ...(contacts.length > 0 ? { contacts } : {}),
      ...(form.importIds.length > 0 ? { importIds: form.importIds } : {}),
    },
    delayMin: form.delayMin,
    delayMax: form.delayMax,
    randomizeOrder: form.randomizeOrder,
    defaultCountry: form.defaultCountry,
    start,
  }
}

/** Each field by itself: a half-typed number must not take the text with it. */
const draft = z.object({
  name: z.string().catch(EMPTY_FORM.name),
  typed: z.string().catch(EMPTY_FORM.typed),
  importIds: z.array(z.string()).catch(EMPTY_FORM.importIds),
  defaultCountry: z.string().length(2).catch(EMPTY_FORM.defaultCountry),
  content: z.string().catch(EMPTY_FORM.content),
  channelId: z.string().catch(EMPTY_FORM.channelId),
  delayMin: z.number().catch(EMPTY_FORM.delayMin),
  delayMax: z.number().catch(EMPTY_FORM.delayMax),
  randomizeOrder: z.boolean().catch(EMPTY_FORM.randomizeOrder),
})

/** A stored draft back into the form; what cannot be read, or an older version left out, is empty again. */
export function readDraft(stored: unknown): CampaignForm {
  return draft.safeParse(stored).data ?? EMPTY_FORM
}
