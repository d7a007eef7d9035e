import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '#server/lib/AppError.ts'
import { recipientScope } from './recipientScope.ts'
import { compileTemplate, renderTemplate } from './renderTemplate.ts'

const MORNING = new Date('2026-01-22T13:05:00Z')

function render(text: string, variables: Record<string, string> = {}, name: string | null = 'Ana Souza'): string {
  return renderTemplate(
    compileTemplate(text),
    recipientScope({ phone: '+5511987654321', name, variables, renderedAt: MORNING, timeZone: 'America/Sao_Paulo' }),
  )
}

/** What a template is refused with, at whichever moment. */
function refusal(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError && error.code === 'TEMPLATE_INVALID') return error.details
    throw error
  }
  throw new Error('It was not refused.')
}

describe('a text is refused when it is saved', () => {
  it.each([
    ["{% include 'package.json' %}"],
    ["{% render 'package.json' %}"],
    ["{% layout 'package.json' %}"],
    ['{% block a %}{% endblock %}'],
    ['{{constructor.constructor("return process")()}}'],
    ['Olá {{nome'],
    ['Olá {% if nome %}'],
    ['{% env "X" %}'],
    ['{{ nome | defualt: "cliente" }}'],
    ['{{ nome | sample }}'],
    ['{{ nome | split: "" | where_exp: "x", "x" }}'],
    ['{{ nome | inspect }}'],
    ['{{ nome | __proto__ }}'],
    ['{{ nome | constructor }}'],
    ['{{ nome | toString }}'],
  ])('%s', (text) => {
    expect(refusal(() => compileTemplate(text))).toMatchObject({ message: expect.stringMatching(/line:1/) as string })
  })

  it.each([
    ['two braces and many spaces', `{{${' '.repeat(65_000)}`],
    ['many openings', '{{'.repeat(32_000)],
    ['many openings of tags', '{%'.repeat(32_000)],
    ['deep brackets', `{{ ${'['.repeat(30_000)} }}`],
    ['deep conditions', '{% if a %}'.repeat(6000)],
    ['open comments', '{% comment %}'.repeat(4000)],
    ['a text beyond the limit', 'x'.repeat(65_537)],
  ])('in no time: %s', (_what, text) => {
    const begun = performance.now()
    const details = refusal(() => compileTemplate(text)) as { message: string }
    expect(performance.now() - begun).toBeLessThan(500)
    expect(details.message.length).toBeLessThanOrEqual(300)
  })
})

describe('rendering stops', () => {
  it.each([
    [
      'a loop of nine million',
      '{% assign r = (1..3000) %}{% for i in r %}{% for j in r %}{% assign n = j %}{% endfor %}{% endfor %}',
    ],
    ['a range of a thousand million', '{% for i in (1..1000000000) %}x{% endfor %}'],
    ['a text that doubles itself', `{% assign a = "xxxxxxxxxx" %}${'{% assign a = a | append: a %}'.repeat(40)}{{a}}`],
    ['a replacement that squares', '{{ a | replace: "x", a }}'],
    ['a number written with a million digits', '{{ "2026-01-22" | date: "%9000000d" }}'],
    ['a hundred sorts', `{{ a | split: "" ${'| sort '.repeat(100)}}}`],
    ['a hundred encodings', `{{ b ${'| url_encode '.repeat(100)}}}`],
  ])('%s, soon and with one sentence', (_what, text) => {
    const begun = performance.now()
    expect(refusal(() => render(text, { a: 'x'.repeat(60_000), b: '&'.repeat(30_000) }))).toEqual({
      message: 'The text could not be rendered.',
    })
    expect(performance.now() - begun).toBeLessThan(2000)
  })

  it('at what is longer than a message may be', () => {
    expect(render('{{a}}', { a: 'x'.repeat(4096) })).toHaveLength(4096)
    const tooLong = { message: 'The text is longer than 4096 characters.' }
    expect(refusal(() => render('{{a}}', { a: 'x'.repeat(4097) }))).toEqual(tooLong)
    expect(refusal(() => render('{{a}}'.repeat(819), { a: 'x'.repeat(65_536) }))).toEqual(tooLong)
  })
})

describe('rendering goes on', () => {
  it('when the machine stalled and not the text', () => {
    const scope = recipientScope({
      phone: '+5511987654321',
      name: 'Ana Souza',
      variables: {},
      renderedAt: MORNING,
      timeZone: 'UTC',
    })
    let stalls = 2
    const cidade = {
      get nome() {
        if (stalls-- > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 80)
        return 'Ubatuba'
      },
    }
    Object.assign(scope, { cidade })
    // What the tries before have counted does not show.
    const text = '{% increment n %} {{cidade.nome}}, {{primeiro_nome}}'
    expect(renderTemplate(compileTemplate(text), scope)).toBe('0 Ubatuba, Ana')
    expect(stalls).toBeLessThan(0)
  })
})

describe('variables', () => {
  it('that are missing are empty', () => {
    expect(render('[{{cupom}}][{{a.b.c}}][{{a["b"]}}][{{nome}}]', {}, null)).toBe('[][][][]')
  })

  it('that are missing or empty take their fallback', () => {
    const text = 'Olá {{nome | default: "cliente"}}'
    expect([render(text), render(text, {}, null), render(text, {}, '')]).toEqual([
      'Olá Ana Souza',
      'Olá cliente',
      'Olá cliente',
    ])
  })

  it('are never read as templates again', () => {
    const hostile = '{{nome}} {% if %} {{ "x" | upcase }} ${7*7} <%= 1 %>'
    expect(render('{{a}}', { a: hostile })).toBe(hostile)
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }),
        fc.constantFrom('{{nome}}', '{%', '%}', '{{', '}}'),
        (text, braces) => {
          const value = text + braces + text
          expect(render('{{a}}', { a: value })).toBe(value)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('are not escaped: a message is text, not HTML', () => {
    expect(render('{{a}} & <b>', { a: `Tom & "Jerry's" <3 🐭` })).toBe(`Tom & "Jerry's" <3 🐭 & <b>`)
  })

  it('reach nothing but themselves', () => {
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'nome.constructor',
      'nome.__proto__',
      'nome.toString',
      'process',
      'globalThis',
      'this',
      'env "HOME"',
    ]
    for (const name of names) expect(render(`[{{${name}}}]`)).toBe('[]')
  })

  it('are looked up in time and pollute nothing, whatever the columns are called', () => {
    const names = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'then'),
    )
    fc.assert(
      fc.property(fc.dictionary(names, fc.string({ maxLength: 20 })), (variables) => {
        expect(render('{{nome}}', variables)).toBe('Ana Souza')
      }),
      { numRuns: 200 },
    )
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('a resend', () => {
  const pieces = fc.constantFrom(
    'Olá ',
    '{{nome}}',
    '{{a}}',
    '{{ a | default: "x" }}',
    '{{ a | upcase | truncate: 9 }}',
    '{{data}}',
    '{{saudacao}}',
    '{{ "now" | date: "%s %L %A" }}',
    '{{ "today" | date: "%d/%m/%Y %H:%M:%S" }}',
    '{{ a | date: "%d/%m/%Y %H:%M" }}',
    '{% for i in (1..3) %}{{i}}{% cycle "a", "b" %}{% endfor %}',
    '{% increment n %}',
    '{% if a contains "a" %}s{% else %}n{% endif %}',
    '{{ a | split: "" | sort | join: "-" }}',
    '{{ a | url_encode }}',
  )
  const values = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('2026-01-22', '2026-01-22 10:30', '2026-01-22T01:00:00Z', '1769087731', 'now'),
  )

  it('renders the same bytes, with the text compiled again and at another time', () => {
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 8 }), values, (parts, a) => {
        const text = parts.join('')
        const compiled = compileTemplate(text)
        const scope = () =>
          recipientScope({
            phone: '+5511987654321',
            name: 'Ana',
            variables: { a },
            renderedAt: MORNING,
            timeZone: 'UTC',
          })
        const first = renderTemplate(compiled, scope())
        waitOneMillisecond()
        expect(renderTemplate(compiled, scope())).toBe(first)
        expect(renderTemplate(compileTemplate(text), scope())).toBe(first)
      }),
      { numRuns: 300 },
    )
  })

  it('speaks of the instant it was first rendered at, in the zone of the people', () => {
    expect(render('{{ "now" | date: "%d/%m/%Y %H:%M, %A" }}')).toBe('22/01/2026 10:05, quinta-feira')
  })
})

it('a date of a file is shown as it stands there, wherever the process runs', () => {
  const text = '{{ a | date: "%d/%m/%Y %H:%M" }}'
  const zone = process.env['TZ']
  try {
    for (const here of ['America/Sao_Paulo', 'Asia/Tokyo', 'UTC']) {
      process.env['TZ'] = here
      expect(render(text, { a: '2026-01-22' })).toBe('22/01/2026 00:00')
      expect(render(text, { a: '2026-01-22 23:30' })).toBe('22/01/2026 23:30')
      expect(render(text, { a: '2026-01-22T01:00:00Z' })).toBe('21/01/2026 22:00')
      expect(render(text, { a: '22/13/2026' })).toBe('22/13/2026')
    }
  } finally {
    process.env['TZ'] = zone
  }
})

function waitOneMillisecond(): void {
  const begun = Date.now()
  while (Date.now() === begun);
}
