import { describe, expect, it } from 'vitest'
import { AppError } from '#server/lib/AppError.ts'
import { recipientScope } from './recipientScope.ts'
import { compileTemplate, renderTemplate } from './renderTemplate.ts'
import { missingOf, templateNeeds } from './templateNeeds.ts'

/** `nome?` for one with a fallback. */
function needs(text: string): string[] {
  return templateNeeds(text).map(({ name, hasFallback }) => (hasFallback ? `${name}?` : name))
}

describe('what a text needs', () => {
  it.each([
    ['Olá', []],
    ['Olá {{nome}}, {{ cupom }} {{nome}}', ['nome', 'cupom']],
    ['{{["Código Postal"]}} {{ nome.size }} {{ lista[0] }}', ['Código Postal', 'nome', 'lista']],
    ['{{ nome | default: "cliente" }}', ['nome?']],
    ['{{ nome | strip | default: "cliente" | upcase }}', ['nome?']],
    ['{{ nome | append: "!" | default: "cliente" }}', ['nome']],
    ['{{ apelido | default: nome }}', ['apelido?', 'nome']],
    ['{{ nome | default: "x", allow_false: zero }}', ['nome?', 'zero']],
    ['{{ nome | default: "cliente" }} {{nome}}', ['nome']],
    ['{{ nome | append: cidade | replace: "a", letra }}', ['nome', 'cidade', 'letra']],
    ['{{ lista[indice] }}', ['lista', 'indice']],
    ['{{ [coluna] }}', ['coluna']],
    ['{{ "texto" }} {{ 7 }} {{ true }} {{ blank }}', []],
  ] as [string, string[]][])('%s', (text, expected) => expect(needs(text)).toEqual(expected))

  it.each([
    ['{% if cupom %}Seu cupom: {{cupom}}{% endif %}', ['cupom?']],
    ['{% if cupom != blank %}{{cupom}}{% endif %}', ['cupom?']],
    ['{% if cupom != "" %}{{cupom}}{% endif %}', ['cupom?']],
    ['{% if cupom != nil %}{{cupom}}{% endif %}', ['cupom']],
    ['{% if cupom != outro %}{{cupom}}{% endif %}', ['cupom', 'outro?']],
    ['{% if a and b %}{{a}}{{b}}{{c}}{% endif %}', ['a?', 'b?', 'c']],
    ['{% if a or b %}{{a}}{% endif %}', ['a', 'b?']],
    ['{% if cidade == "SP" %}Capital{% endif %}', ['cidade?']],
    ['{% if a %}{% if b %}{{a}}{% endif %}{{b}}{% endif %}', ['a?', 'b']],
    ['{% if a %}{{a}}{% else %}{{a}}{{b}}{% endif %}', ['a', 'b']],
    ['{% if a %}x{% elsif b %}{{b}}{% endif %}', ['a?', 'b?']],
    ['{% unless cupom %}{{nome}}{% endunless %}', ['cupom?', 'nome']],
    [
      '{% case cidade %}{% when capital %}{{nome}}{% else %}{{bairro}}{% endcase %}',
      ['cidade?', 'capital?', 'nome', 'bairro'],
    ],
  ] as [string, string[]][])('under a condition: %s', (text, expected) => expect(needs(text)).toEqual(expected))

  it.each([
    ['{% assign a = nome | default: "x" %}{{a}}', ['nome?']],
    ['{{a}}{% assign a = "x" %}{{a}}', ['a']],
    ['{% assign nome = nome | default: "x" %}{{nome}}', ['nome?']],
    ['{% capture oi %}Olá {{nome}}{% endcapture %}{{oi}}', ['nome']],
    ['{% for item in itens %}{{item}}{{forloop.index}}{{nome}}{% endfor %}{{item}}', ['itens', 'nome', 'item']],
    ['{% for item in itens limit: quantos %}{{item}}{% else %}-{% endfor %}', ['itens?', 'quantos']],
    ['{% for n in (1..quantos) %}{{n}}{% endfor %}', ['quantos']],
    ['{% tablerow item in itens %}{{item}}{% endtablerow %}', ['itens']],
    ['{% increment vez %}{{vez}}', []],
    ['{% cycle "a", b %}', ['b']],
    ['{% echo nome | default: "x" %}', ['nome?']],
    ['{% liquid\n assign x = nome\n echo x\n echo cidade\n%}', ['nome', 'cidade']],
    ['{% comment %}{{nome}}{% endcomment %}{% raw %}{{nome}}{% endraw %}{% # {{nome}} %}', []],
  ] as [string, string[]][])('with names of its own: %s', (text, expected) => expect(needs(text)).toEqual(expected))
})

it.each([
  [
    'names that every object has',
    '{{ constructor }}{{ __proto__ }}{{ toString }}',
    ['constructor', '__proto__', 'toString'],
  ],
  ['names of the machine', '{{ process.env.HOME }}', ['process']],
])('%s are names like any other', (_what, text, expected) => expect(needs(text)).toEqual(expected))

it('what cannot be parsed has no needs but a reason', () => {
  for (const text of ['{{nome', '{% include "x" %}', '{{ nome | eval }}']) {
    expect(() => templateNeeds(text)).toThrow(AppError)
  }
})

it.each([
  ['five thousand variables', Array.from({ length: 5000 }, (_, n) => `{{v${n}}}`).join('')],
  ['conditions in conditions', `${'{%if a%}'.repeat(500)}{{b}}${'{%endif%}'.repeat(500)}`],
  ['one variable, thousands of filters', `{{ a ${'| upcase '.repeat(6000)}}}`],
  ['long paths', `{{ a${'.b'.repeat(30_000)} }}`],
])('takes no time: %s', (_what, text) => {
  templateNeeds(text)
  const { user } = process.cpuUsage()
  templateNeeds(text)
  expect((process.cpuUsage().user - user) / 1000).toBeLessThan(500)
})

it('somebody lacks what is empty and stands nowhere else, and says so exactly where a gap would be', () => {
  const text = '{{nome}} {{cupom}} {{apelido | default: "x"}} {{telefone}} {{data}}{% if vip %}{{vip}}{% endif %}'
  const scope = (name: string, variables: Record<string, string>) =>
    recipientScope({ phone: '+5511987654321', name, variables, renderedAt: new Date(0), timeZone: 'UTC' })
  expect(missingOf(templateNeeds(text), scope('Ana', { Cupom: 'A' }))).toEqual([])
  expect(missingOf(templateNeeds(text), scope(' ', { Cupom: '' }))).toEqual(['nome', 'cupom'])
  const empty = renderTemplate(compileTemplate('{% if vip %}VIP {{vip}}{% endif %}'), scope('Ana', { vip: '' }))
  expect(empty).toBe('')
})
