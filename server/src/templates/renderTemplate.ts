import { Liquid, type Template } from 'liquidjs'
import { AppError } from '#server/lib/AppError.ts'
import type { TemplateScope } from './recipientScope.ts'
import { restrictFilters } from './templateFilters.ts'

/** The longest message that may come out, in UTF-16 units: WhatsApp's own limit for a text. */
const MAX_OUTPUT = 4096
/**
 * The time limit is by the clock on the wall: a machine that stalls for 50 ms while a text is made exceeds it as well as
 * a text that is slow. Rendering is pure, so what is wrong with the text is wrong every time, and the stall is not.
 */
const MAX_TRIES = 3
/** Who computed for so long was slow by himself; trying again would only hold up everybody else. */
const SLOW_CPU_MS = 100

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

/** The variables that a text takes from its recipient, not those that it assigns itself. */
export function namesIn(template: CompiledTemplate): string[] {
  return engine.globalVariablesSync(template.parts)
}

/**
 * Fills in the variables; one that is missing is empty, and a value is never read as a template again. Throws
 * TEMPLATE_INVALID when the result is longer than WhatsApp takes, or rendering takes too long.
 */
export function renderTemplate(template: CompiledTemplate, scope: TemplateScope): string {
  const text = render(template, scope)
  if (text.length > MAX_OUTPUT) {
    throw new AppError('TEMPLATE_INVALID', {
      details: { message: `The text is longer than ${MAX_OUTPUT} characters.` },
    })
  }
  return text
}

function render(template: CompiledTemplate, scope: TemplateScope): string {
  for (let attempt = 1; ; attempt++) {
    const before = process.threadCpuUsage()
    try {
      return engine.renderSync(template.parts, scope) as string
    } catch (error) {
      const { user, system } = process.threadCpuUsage(before)
      if (attempt < MAX_TRIES && user + system < SLOW_CPU_MS * 1000) continue
      throw new AppError('TEMPLATE_INVALID', { cause: error, details: { message: 'The text could not be rendered.' } })
    }
  }
}
