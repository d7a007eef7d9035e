import { Liquid, type Template } from 'liquidjs'
import { MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { TemplateScope } from './recipientScope.ts'
import { restrictFilters } from './templateFilters.ts'

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
  // A column that is empty is as good as none: `{% if cupom %}` must not let it through.
  jsTruthy: true,
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
 * TEMPLATE_INVALID when the result is longer than `maxLength` (UTF-16 units, as WhatsApp's clients count), or rendering
 * takes too long.
 */
export function renderTemplate(
  template: CompiledTemplate,
  scope: TemplateScope,
  maxLength: number = MAX_TEXT_LENGTH,
): string {
  const rendered = render(template, scope)
  // Megabytes are not looked at for half characters: no text has so many that it would be short without them.
  if (rendered.length > 2 * maxLength) throw tooLong(maxLength)
  const text = withoutHalves(rendered)
  if (text.length > maxLength) throw tooLong(maxLength)
  return text
}

/** Throws TEMPLATE_INVALID when what stands outside of all variables and conditions is too long for anybody. */
export function refuseTooLong(template: CompiledTemplate, maxLength: number): void {
  const fixed = template.parts.reduce((length, part) => length + fixedLength(part), 0)
  if (fixed > maxLength) throw tooLong(maxLength)
}

/** Of plain text, without the spaces that a `{%-` beside it takes away. */
function fixedLength(part: Template): number {
  return 'str' in part && typeof part.str === 'string' ? part.str.length : 0
}

function tooLong(maxLength: number): AppError {
  return new AppError('TEMPLATE_INVALID', { details: { message: `The text is longer than ${maxLength} characters.` } })
}

/** Filters that cut a text know nothing of characters that take two units; half of one is no text. */
function withoutHalves(text: string): string {
  return text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '')
}

function render(template: CompiledTemplate, scope: TemplateScope): string {
  for (let attempt = 1; ; attempt++) {
    const before = process.threadCpuUsage()
    try {
      // Counters (`increment`) are kept in the scope: what an earlier try or text has counted must not show.
      return engine.renderSync(template.parts, copyOf(scope)) as string
    } catch (error) {
      const { user, system } = process.threadCpuUsage(before)
      if (attempt < MAX_TRIES && user + system < SLOW_CPU_MS * 1000) continue
      throw new AppError('TEMPLATE_INVALID', { cause: error, details: { message: 'The text could not be rendered.' } })
    }
  }
}

/** Without a prototype, as `recipientScope` makes it. */
function copyOf(scope: TemplateScope): TemplateScope {
  return Object.assign(Object.create(null) as TemplateScope, scope)
}
