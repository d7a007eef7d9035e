import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import type { Preview, TemplateNeed } from '#contract/templates.ts'
import { AppError } from '#server/lib/AppError.ts'
import { textsOf } from './messageTexts.ts'
import { recipientScope, type TemplateScope } from './recipientScope.ts'
import { compileTemplate, renderTemplate, type CompiledTemplate } from './renderTemplate.ts'
import { missingOf, needsOf } from './templateNeeds.ts'

/** Somebody for whom messages are made without being sent. */
export type PreviewedPerson = {
  contactId: number | null
  phone: string
  name: string | null
  variables: Record<string, string>
}

/** Of one preview altogether: texts that compute are for campaigns, not for looking at fifty people at once. */
const LONGEST_MS = 2000
const TOO_SLOW = { text: null, problem: 'The texts take too long to be made; preview fewer people.' }

type PreviewedText = Preview['items'][number]['messages'][number]['texts'][number]
type Prepared = {
  type: CampaignMessage['type']
  texts: { field: string; template: CompiledTemplate; maxLength: number }[]
}

/** The variables that these messages speak of. Throws TEMPLATE_INVALID. */
export function needsOfMessages(messages: CampaignMessage[]): TemplateNeed[] {
  return needsOf(templatesOf(messages.map(prepare)))
}

/**
 * What each of these people would get, at this instant in this zone, and what they lack. A text that cannot be made for
 * somebody is a `problem` of theirs alone. Throws TEMPLATE_INVALID for one that cannot be made for anybody.
 */
export async function previewMessages(
  messages: CampaignMessage[],
  people: PreviewedPerson[],
  { at, timeZone }: { at: Date; timeZone: string },
): Promise<Preview> {
  const prepared = messages.map(prepare)
  const needs = needsOf(templatesOf(prepared))
  const until = performance.now() + LONGEST_MS
  const items: Preview['items'] = []
  for (const person of people) {
    const scope = recipientScope({ ...person, renderedAt: at, timeZone })
    const shown = []
    for (const { type, texts } of prepared) shown.push({ type, texts: await renderAll(texts, scope, until) })
    items.push({ contactId: person.contactId, messages: shown, missing: missingOf(needs, scope) })
  }
  return { needs, items }
}

async function renderAll(texts: Prepared['texts'], scope: TemplateScope, until: number): Promise<PreviewedText[]> {
  const rendered = []
  for (const { field, template, maxLength } of texts) {
    // One text may take its 50 ms, and others wait.
    await nextTurn()
    const isLate = performance.now() > until
    rendered.push({
      field,
      ...(isLate ? TOO_SLOW : attempt(() => renderTemplate(template, scope, maxLength))),
    })
  }
  return rendered
}

function prepare(message: CampaignMessage): Prepared {
  return {
    type: message.type,
    texts: textsOf(message).map(({ field, text, maxLength }) => ({
      field,
      template: compileTemplate(text),
      maxLength,
    })),
  }
}

function templatesOf(prepared: Prepared[]): CompiledTemplate[] {
  return prepared.flatMap(({ texts }) => texts.map(({ template }) => template))
}

function attempt(render: () => string): { text: string | null; problem: string | null } {
  try {
    return { text: render(), problem: null }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'TEMPLATE_INVALID') throw error
    const { message } = (error.details ?? {}) as { message?: string }
    return { text: null, problem: message ?? error.message }
  }
}
