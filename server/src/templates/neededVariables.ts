import type { CampaignMessage } from '#contract/campaignMessages.ts'
import { needsOfMessages } from './previewMessages.ts'
import { ALWAYS_THERE } from './recipientScope.ts'

/**
 * The names of the variables that the texts speak of without a fallback, in the order of their first use: who lacks one
 * gets a text with a gap. Throws TEMPLATE_INVALID.
 */
export function neededVariables(messages: CampaignMessage[]): string[] {
  const needs = needsOfMessages(messages).filter(({ name, hasFallback }) => !hasFallback && !ALWAYS_THERE.has(name))
  return needs.map(({ name }) => name)
}
