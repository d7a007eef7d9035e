import { MIN_DELAY_S, type CreateCampaignBody } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import { frequencyCap as capSchema } from '#contract/frequencyCap.ts'
import { MAX_TYPED, type CampaignPlan } from './campaignPlan.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'
import { toBody } from './planBody.ts'

/**
 * The question "who would that be?" while the rest of the plan is not written yet: the people as chosen, with a message
 * and a pace that are only there because the question needs them. Null where nobody is chosen or there is no channel.
 */
export function audienceBody(plan: CampaignPlan, channels: readonly Channel[]): CreateCampaignBody | null {
  const channel = channels.find(({ id }) => id === plan.channelId) ?? channels[0]
  const typed = parseTypedRecipients(plan.typed).length
  const lists = plan.importIds.length + plan.groupIds.length + plan.tagIds.length
  if (channel === undefined || typed + lists === 0 || typed > MAX_TYPED) return null
  const { recipients, defaultCountry, frequencyCap } = toBody(plan, false)
  return {
    name: '-',
    channelId: channel.id,
    messages: [{ type: 'text', content: '-' }],
    recipients,
    delayMin: MIN_DELAY_S,
    delayMax: MIN_DELAY_S,
    defaultCountry,
    ...(capSchema.safeParse(frequencyCap).success ? { frequencyCap } : {}),
  }
}
