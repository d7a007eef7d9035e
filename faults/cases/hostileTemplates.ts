import { MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import { AppError } from '#server/lib/AppError.ts'
import { recipientScope } from '#server/templates/recipientScope.ts'
import { compileTemplate, renderTemplate } from '#server/templates/renderTemplate.ts'
import { check, most } from '../lab/check.ts'
import { checkQuick } from '../lab/cpuTime.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const REFUSED = Symbol('refused')
const KIB_64 = 65_536

type Attack = { text: string; variables: Record<string, string>; expected: string | typeof REFUSED }

/** Columns whose names mean something to the language, and values that look like templates. */
const NAMES: Attack[] = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf'].flatMap((name) => [
    { text: `[{{ ${name} }}]`, variables: {}, expected: '[]' },
    { text: `[{{ ${name} }}]`, variables: own(name, 'Ana {{x}}'), expected: '[Ana {{x}}]' },
    { text: `[{{ ${name}.constructor }}]`, variables: own(name, 'x'), expected: '[]' },
  ]),
  { text: '[{{ nome do cliente }}]', variables: own('nome do cliente', 'Ana'), expected: '[Ana]' },
  { text: '[{{ nobody }}]', variables: {}, expected: '[]' },
  { text: '{{ a }}', variables: { a: '{{ b }}{% if b %}', b: '{{ a }}' }, expected: '{{ b }}{% if b %}' },
  { text: '{{ a }} ${7*7} <%= 7*7 %>', variables: { a: '{{{{a}}}}' }, expected: '{{{{a}}}} ${7*7} <%= 7*7 %>' },
  { text: '{{constructor.constructor("return process")()}}', variables: {}, expected: REFUSED },
]

/** Texts that grow far beyond what they are. */
const BOMBS: Attack[] = [
  { text: '{{a}}'.repeat(819), variables: { a: 'x'.repeat(KIB_64) }, expected: REFUSED },
  { text: '{{a}}'.repeat(819), variables: { a: 'x'.repeat(4096) }, expected: REFUSED },
  { text: '{{a}}{{a}}', variables: { a: 'x'.repeat(4096) }, expected: REFUSED },
  { text: `${'{% assign a = a | append: a %}'.repeat(130)}{{a}}`, variables: { a: 'x' }, expected: REFUSED },
  { text: '{{ a | replace: "x", a }}', variables: { a: 'x'.repeat(4096) }, expected: REFUSED },
  { text: '{% for i in (1..1000000000) %}x{% endfor %}', variables: {}, expected: REFUSED },
  { text: `{{ a ${'| url_encode '.repeat(300)}}}`, variables: { a: '%'.repeat(4096) }, expected: REFUSED },
]

/** Hostile names and values are taken literally or come out empty; no value is read as a template again. */
export async function hostileNames(lab: Lab): Promise<Numbers> {
  const slowest = tryAll(lab, NAMES)
  check(Object.keys(Object.prototype).length === 0, 'Every object has something new.')
  return { 'names and values tried': NAMES.length, 'slowest, ms': slowest }
}

/** What would grow to megabytes is refused, and soon. */
export async function expansionBombs(lab: Lab): Promise<Numbers> {
  return { 'texts tried': BOMBS.length, 'slowest, ms': tryAll(lab, BOMBS) }
}

function tryAll(lab: Lab, attacks: Attack[]): number {
  return most(
    attacks.map((attack) => {
      const what = attack.text.slice(0, 50)
      check(attack.text.length <= MAX_TEXT_LENGTH, `${what} is longer than a text may be.`)
      lab.tell(what)
      const rendered = render(attack)
      check(rendered === attack.expected, `${what} came out as ${String(rendered).slice(0, 100)}.`)
      return checkQuick(lab, what, () => render(attack))
    }),
  )
}

function render({ text, variables }: Attack): string | typeof REFUSED {
  const person = { phone: '+5511987654321', name: 'Ana', variables }
  try {
    return renderTemplate(
      compileTemplate(text),
      recipientScope({ ...person, renderedAt: new Date(0), timeZone: 'UTC' }),
    )
  } catch (error) {
    if (error instanceof AppError && error.code === 'TEMPLATE_INVALID') return REFUSED
    throw error
  }
}

/** Also for `__proto__`, which an object literal takes for something else. */
function own(name: string, value: string): Record<string, string> {
  return Object.fromEntries([[name, value]])
}
