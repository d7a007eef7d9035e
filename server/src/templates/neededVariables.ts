import type { CampaignMessage } from '#contract/campaignMessages.ts'
import { compileTemplate, namesIn } from './renderTemplate.ts'

/** What every recipient has, or the account gives. */
const ALWAYS_THERE = new Set(['telefone', 'data', 'saudacao', 'empresa'])
/** `{{ cupom | default: 'nada' }}`: whoever has no such thing gets the fallback. */
const WITH_FALLBACK = /\{\{-?\s*([\p{L}_][\p{L}\p{N}_-]*)\s*(?:\|[^}]*)?\|\s*default\b[^}]*\}\}/gu

/**
 * The names of the variables that the texts speak of without a fallback, in the order of their first use: who lacks one
 * gets a text with a gap. Throws TEMPLATE_INVALID.
 */
export function neededVariables(messages: readonly CampaignMessage[]): string[] {
  const names = new Set<string>()
  for (const text of messages.flatMap(textsOf)) {
    if (!text.includes('{')) continue
    for (const name of namesIn(compileTemplate(text.replace(WITH_FALLBACK, '')))) names.add(name)
  }
  return [...names].filter((name) => !ALWAYS_THERE.has(name))
}

/** Every text of a message, however deep: what is no template has no variables either. */
function textsOf(part: unknown): string[] {
  if (typeof part === 'string') return [part]
  if (typeof part !== 'object' || part === null) return []
  return Object.values(part).flatMap(textsOf)
}
