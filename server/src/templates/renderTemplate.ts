import { Liquid, type Template } from 'liquidjs'
import { AppError } from '#server/lib/AppError.ts'
import type { TemplateScope } from './recipientScope.ts'
import { restrictFilters } from './templateFilters.ts'

/** The longest message that may come out, in UTF-16 units: WhatsApp's own limit for a text. */
const MAX_OUTPUT = 4096

// Locked down: no files, no other templates, own properties only, bounded in time and memory. Without `templates: {}`
// and with the tags below, `{% include 'package.json' %}` reads from the working directory.
const engine = new Liquid({
  templates: {},
  ownPropertyOnly: true,
  parseLimit: 65_536,
  renderLimit: 50,
  memoryLimit: 1_000_000,
  jekyllInclude: false,
  // A filter that is not known is an error, not nothing: a misspelt `default` would leave gaps in a million messages.
  strictFilters: true,
  // Names of months and days; without it the language of the process decides.
  locale: 'pt-BR',
})
for (const tag of ['include', 'render', 'layout', 'block']) delete engine.tags[tag]
restrictFilters(engine)

export type CompiledTemplate = { readonly parts: Template[] }

/** Parses a text once. Throws TEMPLATE_INVALID with what is wrong and in which line. */
export function compileTemplate(text: string): CompiledTemplate {
  try {
    return { parts: engine.parse(text) }
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''
    throw new AppError('TEMPLATE_INVALID', { cause: error, details: { message: message.slice(0, 300) } })
  }
}

/**
 * Fills in the variables; one that is missing is empty, and a value is never read as a template again. Throws
 * TEMPLATE_INVALID when the result is longer than WhatsApp takes, or rendering takes too long.
 */
export function renderTemplate(template: CompiledTemplate, scope: TemplateScope): string {
  let text: string
  try {
    text = engine.renderSync(template.parts, scope) as string
  } catch (error) {
    throw new AppError('TEMPLATE_INVALID', { cause: error, details: { message: 'The text could not be rendered.' } })
  }
  if (text.length > MAX_OUTPUT) {
    throw new AppError('TEMPLATE_INVALID', { details: { message: `The text is longer than ${MAX_OUTPUT} characters.` } })
  }
  return text
}
