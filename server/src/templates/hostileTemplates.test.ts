import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '#server/lib/AppError.ts'
import { recipientScope } from './recipientScope.ts'
import { compileTemplate, renderTemplate } from './renderTemplate.ts'

const CANARY = 'canary-in-the-environment'
/** A working day of a machine that shares its cores is not the point; a pattern that backtracks takes minutes. */
const LIMIT_MS = 500

function render(text: string, variables: Record<string, string> = {}): string {
  const scope = recipientScope({
    phone: '+5511987654321',
    name: 'Ana',
    variables,
    renderedAt: new Date(0),
    timeZone: 'UTC',
  })
  try {
    return renderTemplate(compileTemplate(text), scope)
  } catch (error) {
    if (error instanceof AppError && error.code === 'TEMPLATE_INVALID') return 'refused'
    throw error
  }
}

afterEach(() => {
  if (Object.keys(Object.prototype).length > 0) throw new Error('A template has changed every object.')
})

describe('a text that wants more than its variables', () => {
  it.each([
    ['{{constructor.constructor("return process")()}}', 'refused'],
    ['{{ constructor }}', ''],
    ['{{ constructor.name }}', ''],
    ['{{ nome.constructor }}', ''],
    ['{{ nome.__proto__ }}', ''],
    ['{{ __proto__ }}', ''],
    ['{{ __proto__.polluted }}', ''],
    ['{{ toString }}', ''],
    ['{{ nome["constructor"]["constructor"] }}', ''],
    ['{{ process.env.CANARY }}', ''],
    ['{{ env "CANARY" }}', ''],
    ['{{ this }}', ''],
    ['{{ global }}', ''],
    ['${7*7}', '${7*7}'],
    ['<%= 7*7 %>', '<%= 7*7 %>'],
    ['#{7*7}', '#{7*7}'],
    ['{{7*7}}', ''],
    ["{% include '/etc/passwd' %}", 'refused'],
    ["{% render 'package.json' %}", 'refused'],
    ["{% layout 'x' %}", 'refused'],
    ['{{ "x" | constructor }}', 'refused'],
    ['{{ nome | raw | eval }}', 'refused'],
    ['{% assign __proto__ = "x" %}{{ polluted }}', ''],
    ['{% assign constructor = "x" %}{{ "y" | default: "z" }}', 'y'],
  ])('%s gets nothing', (text, expected) => {
    process.env['CANARY'] = CANARY
    const rendered = render(text)
    delete process.env['CANARY']
    expect(rendered).not.toContain(CANARY)
    expect([expected, 'refused', '']).toContain(rendered)
  })

  it('reads a value as text, whatever stands in it, and a column by whatever name', () => {
    const variables = { __proto__x: '1', constructor: '{{nome}}', 'a.b': '${7*7}', toString: '<b>' }
    const own = Object.fromEntries([...Object.entries(variables), ['__proto__', '{{telefone}}']])
    expect(render('{{ constructor }} {{ toString }} {{ __proto__ }}', own)).toBe('{{nome}} <b> {{telefone}}')
  })
})

it.each([
  ['an opening and spaces', `{{${' '.repeat(65_000)}`],
  ['two thousand openings', '{{'.repeat(2000)],
  ['openings of tags', '{%'.repeat(2000)],
  ['filters without end', `{{ nome ${'| upcase '.repeat(5000)}`],
  ['quotes that do not close', `{{ "${'\\"'.repeat(30_000)} }}`],
])('%s take no time', (_what, text) => {
  render(text)
  const { user } = process.cpuUsage()
  render(text)
  expect((process.cpuUsage().user - user) / 1000).toBeLessThan(LIMIT_MS)
})
