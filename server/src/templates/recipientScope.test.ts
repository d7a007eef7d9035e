import { describe, expect, it } from 'vitest'
import { knownPlainName, recipientScope } from './recipientScope.ts'
import { compileTemplate, renderTemplate } from './renderTemplate.ts'

const person = {
  phone: '+5511987654321',
  name: 'Ana Maria Souza',
  variables: {},
  renderedAt: new Date('2026-01-22T13:05:00Z'),
  timeZone: 'America/Sao_Paulo',
}

function render(text: string, changes: Partial<Parameters<typeof recipientScope>[0]>): string {
  return renderTemplate(compileTemplate(text), recipientScope({ ...person, ...changes }))
}

describe('a column', () => {
  it('is reached under its header as written and in plain letters', () => {
    const variables = { 'Código Postal': '4000-123', ' Nº da Ação (R$) ': '7', 'E-mail': 'a@b' }
    expect(render('{{codigo_postal}}|{{["Código Postal"]}}|{{n_da_acao_r}}|{{e_mail}}', { variables })).toBe(
      '4000-123|4000-123|7|a@b',
    )
  })

  it.each([['__proto__'], ['constructor'], ['toString'], ['prototype'], ['hasOwnProperty']])(
    'called %s is a column like any other',
    (header) => {
      const variables = JSON.parse(JSON.stringify([[header, 'literal']])) as [string, string][]
      const scope = recipientScope({ ...person, variables: ownEntries(variables) })
      expect(Object.hasOwn(scope, header)).toBe(true)
      expect(renderTemplate(compileTemplate(`{{${header}}}|{{nome}}`), scope)).toBe('literal|Ana Maria Souza')
      expect(Object.keys(Object.prototype)).toEqual([])
    },
  )

  it('cannot take the place of what every campaign has', () => {
    const variables = { nome: 'x', Telefone: 'x', DATA: 'x', Saudação: 'x', primeiro_nome: 'x' }
    expect(render('{{nome}}|{{telefone}}|{{data}}|{{saudacao}}|{{primeiro_nome}}', { variables })).toBe(
      'Ana Maria Souza|+5511987654321|22/01/2026|Bom dia|Ana',
    )
  })
})

describe('date and greeting', () => {
  it.each([
    ['2026-01-22T07:59:59Z', '22/01/2026', 'Boa noite'],
    ['2026-01-22T08:00:00Z', '22/01/2026', 'Bom dia'],
    ['2026-01-22T14:59:59Z', '22/01/2026', 'Bom dia'],
    ['2026-01-22T15:00:00Z', '22/01/2026', 'Boa tarde'],
    ['2026-01-22T20:59:59Z', '22/01/2026', 'Boa tarde'],
    ['2026-01-22T21:00:00Z', '22/01/2026', 'Boa noite'],
    ['2026-01-23T02:59:59Z', '22/01/2026', 'Boa noite'],
    ['2026-01-23T03:00:00Z', '23/01/2026', 'Boa noite'],
  ])('of %s are those of São Paulo: %s, %s', (instant, date, greeting) => {
    expect(render('{{data}}, {{saudacao}}', { renderedAt: new Date(instant) })).toBe(`${date}, ${greeting}`)
  })
})

it.each([
  ['  Ana   Maria', 'Ana'],
  ['Zé', 'Zé'],
  ['', ''],
  [null, ''],
])('of the name %j the first one is %j', (name, first) => {
  expect(render('{{primeiro_nome}}', { name })).toBe(first)
})

it('plain names stay right when a hostile file brings more of them than are remembered', () => {
  for (let n = 0; n < 12_000; n++) expect(knownPlainName(`Coluna Nº ${n}`)).toBe(`coluna_n_${n}`)
  expect(knownPlainName('Código Postal')).toBe('codigo_postal')
})

/** As `JSON.parse` and the database give them: `__proto__` is an own property. */
function ownEntries(entries: [string, string][]): Record<string, string> {
  return JSON.parse(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
  ) as Record<string, string>
}

describe('the zone of the campaign', () => {
  it.each([
    ['America/Sao_Paulo', '22/01/2026, Boa noite, 00:30'],
    ['America/Manaus', '21/01/2026, Boa noite, 23:30'],
    ['America/Rio_Branco', '21/01/2026, Boa noite, 22:30'],
    ['Europe/Lisbon', '22/01/2026, Boa noite, 03:30'],
    ['Asia/Tokyo', '22/01/2026, Boa tarde, 12:30'],
  ])('%s decides date, greeting and dates', (timeZone, expected) => {
    const renderedAt = new Date('2026-01-22T03:30:00Z')
    expect(render('{{data}}, {{saudacao}}, {{"now" | date: "%H:%M"}}', { renderedAt, timeZone })).toBe(expected)
  })
})

it.each([
  [{ Empresa: 'Casa Verde' }, 'Casa Verde'],
  [{ company: 'Acme', Nome: 'x' }, 'Acme'],
  [{ Empresa: '', 'Razão Social': 'Verde Ltda' }, 'Verde Ltda'],
  [{ Empresa: 'Casa Verde', company: 'Acme' }, 'Casa Verde'],
  [{}, ''],
])('the company of %j is %j', (variables: Record<string, string>, company) => {
  expect(render('{{empresa}}', { variables })).toBe(company)
})

it('a character of two units is cut whole or not at all', () => {
  expect(render('{{nome | slice: 0, 4}}|{{nome | truncate: 4, ""}}', { name: 'Ana😀😀' })).toBe('Ana😀|Ana😀')
  expect(render('{{nome | split: "" | first}}|{{nome | split: "" | last}}', { name: 'Ana😀' })).toBe('A|')
  expect(render('{{nome}}', { name: '👨‍👩‍👧🇧🇷é\u202e\u2028' })).toBe('👨‍👩‍👧🇧🇷é\u202e\u2028')
})
