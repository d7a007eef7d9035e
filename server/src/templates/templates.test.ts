import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Preview, SavedTemplate } from '#contract/templates.ts'
import { make } from '#server/test/tenantThings.ts'
import { startWholeApp, type Method, type Person, type WholeApp } from '#server/test/wholeApp.ts'

const PATH = '/api/user/templates'

let whole: WholeApp
let ana: Person
let bia: Person

beforeAll(async () => {
  whole = await startWholeApp()
  ana = await whole.signIn('user')
  bia = await whole.signIn('user')
})
afterAll(() => whole.close())

const text = (content: string) => ({ type: 'text', content })
const ask = (method: Method, path: string, payload?: unknown, who = ana) =>
  whole.call(who, method, PATH + path, { payload })

async function save(body: object, who = ana): Promise<SavedTemplate> {
  const answer = await ask('POST', '', body, who)
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()])
  return answer.json<SavedTemplate>()
}

async function previewOf(body: object): Promise<Preview> {
  const answer = await ask('POST', '/preview', body)
  expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()])
  return answer.json<Preview>()
}

describe('a saved template', () => {
  it('keeps its messages and says what they need', async () => {
    const name = `Boas-vindas ${randomUUID()}`
    const messages = [text('Olá {{nome | default: "cliente"}}'), text('Cupom: {{cupom}}')]
    const saved = await save({ name: ` ${name} `, messages })
    const expected = {
      name,
      messages,
      needs: [
        { name: 'nome', hasFallback: true },
        { name: 'cupom', hasFallback: false },
      ],
    }
    expect(saved).toMatchObject(expected)
    expect((await ask('GET', `/${saved.id}`)).json()).toEqual(saved)
    const { items } = (await ask('GET', '')).json<{ items: SavedTemplate[] }>()
    expect(items.find(({ id }) => id === saved.id)).toEqual(saved)
  })

  it('has a name that no other of the account has, however it is written', async () => {
    const name = `Oferta ${randomUUID()}`
    await save({ name, messages: [text('1')] })
    const second = await ask('POST', '', { name: name.toUpperCase(), messages: [text('2')] })
    expect([second.statusCode, second.json()]).toMatchObject([409, { error: { code: 'NAME_TAKEN' } }])
    const other = await save({ name: `${name} 2`, messages: [text('2')] })
    expect((await ask('PATCH', `/${other.id}`, { name })).statusCode).toBe(409)
    await save({ name, messages: [text('3')] }, bia)
  })

  it('is changed and deleted, and each leaves its trace', async () => {
    const saved = await save({ name: randomUUID(), messages: [text('1')] })
    const edited = await ask('PATCH', `/${saved.id}`, { messages: [text('2 {{cidade}}')] })
    expect(edited.json()).toMatchObject({ name: saved.name, needs: [{ name: 'cidade', hasFallback: false }] })
    expect((await ask('DELETE', `/${saved.id}`)).statusCode).toBe(204)
    expect((await ask('DELETE', `/${saved.id}`)).statusCode).toBe(404)
    const rows = await whole.db
      .selectFrom('audit_events')
      .select('action')
      .where('target', '=', saved.id)
      .orderBy('id')
      .execute()
    expect(rows.map(({ action }) => action)).toEqual(['template-create', 'template-edit', 'template-delete'])
  })

  it('is saved once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const payload = { name: randomUUID(), messages: [text('1')] }
    const [first, second] = [
      await whole.call(ana, 'POST', PATH, { payload, headers }),
      await whole.call(ana, 'POST', PATH, { payload, headers }),
    ]
    expect([first.statusCode, second.statusCode, second.body]).toEqual([201, 201, first.body])
  })

  it.each([
    [[text('Olá {{nome')], 'messages.0.content'],
    [[text('ok'), text('{% include "x" %}')], 'messages.1.content'],
    [[{ type: 'image', mediaId: randomUUID() }], 'messages.0.mediaId'],
    [[{ type: 'image', mediaId: randomUUID(), content: 'x'.repeat(1025) }], 'messages.0.content'],
    [[{ type: 'audio', mediaId: randomUUID(), textFallback: '{{' }], 'messages.0.textFallback'],
    [
      [{ type: 'template', name: 'a', language: 'pt_BR', header: { type: 'image', link: 'http://127.0.0.1/a.png' } }],
      'messages.0.header.link',
    ],
  ])('is refused as a campaign would be: %#', async (messages, field) => {
    const answer = await ask('POST', '', { name: randomUUID(), messages })
    expect([answer.statusCode, answer.json()]).toMatchObject([422, { error: { details: [{ field }] } }])
  })
})

describe('a preview', () => {
  it('shows what each contact would get, and what they lack', async () => {
    const id = Number(await make(whole, ana, 'contact', 'x'))
    await whole.db
      .updateTable('contacts')
      .set({ name: 'Ana Souza', variables: JSON.stringify({ Cidade: 'Ubatuba', Empresa: 'Verde' }) })
      .where('id', '=', id)
      .execute()
    const messages = [
      text('{{primeiro_nome}} de {{cidade}}, {{empresa}}'),
      { type: 'image', mediaId: randomUUID(), content: 'Cupom {{cupom}}', textFallback: 'Sem foto, {{nome}}' },
      { type: 'audio', mediaId: randomUUID() },
    ]
    const shown = await previewOf({ messages, contactIds: [id], sample: { name: 'Zé', variables: { cupom: 'A' } } })
    const whole_ = (field: string, value: string) => ({ field, text: value, problem: null })
    expect(shown.items).toEqual([
      {
        contactId: id,
        messages: [
          { type: 'text', texts: [whole_('content', 'Ana de Ubatuba, Verde')] },
          { type: 'image', texts: [whole_('content', 'Cupom '), whole_('textFallback', 'Sem foto, Ana Souza')] },
          { type: 'audio', texts: [] },
        ],
        missing: ['cupom'],
      },
      { contactId: null, messages: expect.anything(), missing: ['cidade', 'empresa'] },
    ])
    expect(shown.needs.map(({ name }) => name)).toEqual(['primeiro_nome', 'cidade', 'empresa', 'cupom', 'nome'])
  })

  it('speaks of date and time in the zone that it is asked for', async () => {
    const messages = [text('{{"now" | date: "%z"}}')]
    const zoneOf = async (timeZone?: string) =>
      (await previewOf({ messages, timeZone })).items[0]?.messages[0]?.texts[0]?.text
    expect([await zoneOf(), await zoneOf('America/Manaus'), await zoneOf('Asia/Tokyo')]).toEqual([
      '-0300',
      '-0400',
      '+0900',
    ])
    expect((await ask('POST', '/preview', { messages, timeZone: 'Mars/Olympus' })).statusCode).toBe(422)
  })

  it('says of one person alone that their text is too long', async () => {
    const messages = [text('{{a}}')]
    const { items } = await previewOf({ messages, sample: { variables: { a: 'x'.repeat(4096) } } })
    expect(items[0]?.messages[0]?.texts[0]).toMatchObject({ problem: null })
    const long = await previewOf({ messages: [text('{{a}}{{a}}')], sample: { variables: { a: 'x'.repeat(4096) } } })
    expect(long.items[0]?.messages[0]?.texts[0]).toEqual({
      field: 'content',
      text: null,
      problem: 'The text is longer than 4096 characters.',
    })
  })

  it('of texts that compute for long ends soon, and others are answered meanwhile', async () => {
    const slow = text('{% for i in (1..3000) %}{% for j in (1..3000) %}{% endfor %}{% endfor %}')
    const id = Number(await make(whole, ana, 'contact', 'x'))
    const messages = Array.from({ length: 10 }, () => slow)
    const begun = performance.now()
    const [shown] = await Promise.all([
      previewOf({ messages, contactIds: Array.from({ length: 50 }, () => id) }),
      ask('GET', ''),
    ])
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(shown.items).toHaveLength(50)
    expect(shown.items[49]?.messages[9]?.texts[0]?.problem).toMatch(/too long/)
  }, 20_000)

  it("shows nothing of somebody else's contact", async () => {
    const id = Number(await make(whole, bia, 'contact', 'x'))
    const answers = [id, 999_999_999].map((one) =>
      ask('POST', '/preview', { messages: [text('{{nome}}')], contactIds: [one] }),
    )
    const [foreign, missing] = await Promise.all(answers)
    expect([foreign?.statusCode, foreign?.body]).toEqual([422, missing?.body])
  })
})
