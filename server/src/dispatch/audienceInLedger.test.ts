import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CampaignDetails, CreatedCampaign } from '#contract/campaigns.ts'
import type { Contact } from '#contract/contacts.ts'
import type { ContactImport } from '#contract/imports.ts'
import type { Preflight } from '#contract/preflight.ts'
import type { Preview, SavedTemplate } from '#contract/templates.ts'
import type { LedgerLine } from '#server/sandbox/Ledger.ts'
import { startWholeApp, type Method, type Person, type WholeApp } from '#server/test/wholeApp.ts'

/*
 * Every way to choose people and every way to speak to them, through the API; what went out is read from the gateway's
 * ledger and not from our own database.
 */

const CAMPAIGNS = '/api/user/bulk-campaigns'
const HELLO = [{ type: 'text', content: 'Olá {{primeiro_nome}}' }]

let whole: WholeApp
let user: Person
let channelId: string
let ledger: () => Promise<LedgerLine[]>

beforeAll(async () => {
  whole = await startWholeApp({ ROLE: 'all' })
}, 60_000)
afterAll(() => whole.close())

/** A user with a phone of their own. */
beforeEach(async () => {
  user = await whole.signIn('user')
  const token = randomUUID()
  const line = await whole.sandbox.register(token)
  const body = { name: 'Loja', gateway: 'wuzapi', baseUrl: whole.sandbox.url, token, minDelay: 0 }
  channelId = (await call<{ id: string }>('POST', '/api/user/channels', body)).id
  ledger = () => whole.sandbox.ledger(line, 'accepted')
})

async function call<T>(method: Method, url: string, payload?: unknown): Promise<T> {
  const answer = await whole.call(user, method, url, { payload })
  expect([url, answer.statusCode, answer.body]).toEqual([url, expect.toBeOneOf([200, 201, 202]), expect.anything()])
  return answer.json<T>()
}

async function untilSome<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > deadline) throw new Error(`It did not come: ${what}`)
  }
}

const planOf = (recipients: object, more: object = {}) => ({
  name: randomUUID(),
  channelId,
  messages: HELLO,
  recipients,
  delayMin: 5,
  delayMax: 5,
  ...more,
})

type Sent = { created: CreatedCampaign; details: CampaignDetails; lines: LedgerLine[] }

/** The whole way of a campaign; then without its pauses, which are five seconds at least. */
async function send(recipients: object, more: object = {}): Promise<Sent> {
  const created = await call<CreatedCampaign>('POST', CAMPAIGNS, planOf(recipients, more))
  const path = `${CAMPAIGNS}/${created.campaignId}`
  await whole.db
    .updateTable('campaigns')
    .set({ delay_min_ms: 0, delay_max_ms: 0 })
    .where('id', '=', created.campaignId)
    .execute()
  await call('POST', `${path}/start`)
  const details = await untilSome('the end', async () => {
    const now = await call<CampaignDetails>('GET', path)
    return now.status === 'completed' ? now : null
  })
  return { created, details, lines: await ledger() }
}

const numbersIn = (lines: LedgerLine[]): string[] => lines.map(({ number }) => `+${number}`).toSorted()

/** What the gateway has read of each number, as its contract says that a text is written. */
function expectTexts(lines: LedgerLine[], texts: Record<string, string>): void {
  expect(numbersIn(lines)).toEqual(Object.keys(texts).toSorted())
  for (const line of lines) {
    const body = { Phone: line.number, Id: line.messageId, Body: texts[`+${line.number}`], LinkPreview: false }
    expect([line.number, line.bodySha256]).toEqual([line.number, sha256(JSON.stringify(body))])
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function importCsv(csv: string, fields: Record<string, string> = {}): Promise<ContactImport> {
  const boundary = randomUUID()
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="lista.csv"\r\ncontent-type: text/csv\r\n\r\n`
  const payload = Buffer.from(`${parts.join('')}${head}${csv}\r\n--${boundary}--\r\n`)
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  const { id } = (await whole.call(user, 'POST', '/api/user/imports', { payload, headers })).json<{ id: string }>()
  return untilSome('the import', async () => {
    const now = await call<ContactImport>('GET', `/api/user/imports/${id}`)
    return now.finishedAt === null ? null : now
  })
}

it('numbers typed with commas, semicolons and lines are written to once each, and every refusal is told', async () => {
  const typed = '11 98765-0001, (11) 98765-0002; +351 912 345 678\nAna Souza 11 98765-0003\r\n11 8765-0001;\nMaria\n'
  const { created, details, lines } = await send({ contacts: [{ phone: '12345' }], typed })
  expect(created.refused).toEqual([
    { index: 0, field: 'recipients.contacts.0.phone', input: '12345', reason: 'TOO_SHORT' },
    { index: 6, field: 'recipients.typed', input: 'Maria', reason: 'NOT_A_NUMBER' },
  ])
  expect(details.totals).toMatchObject({ chosen: 7, recipients: 4, duplicates: 1, invalid: 2 })
  expectTexts(lines, {
    '+5511987650001': 'Olá ',
    '+5511987650002': 'Olá ',
    '+351912345678': 'Olá ',
    '+5511987650003': 'Olá Ana',
  })
})

it('of five hundred numbers typed at once each that cannot be dialled is marked, and ten thousand are the most', async () => {
  const numbers = Array.from({ length: 500 }, (_, n) =>
    n % 50 === 49 ? `12${n}` : `11 98${String(n).padStart(3, '0')}-4321`,
  )
  const { refused = [], totals } = await call<CreatedCampaign>('POST', CAMPAIGNS, planOf({ typed: numbers.join(',') }))
  expect(refused.map(({ index }) => index)).toEqual(Array.from({ length: 10 }, (_, n) => n * 50 + 49))
  expect(totals).toMatchObject({ invalid: 10 })
  const many = planOf({ typed: Array.from({ length: 10_001 }, () => '11987654321').join(';') })
  expect((await whole.call(user, 'POST', CAMPAIGNS, { payload: many })).json().error).toMatchObject({
    code: 'VALIDATION_FAILED',
    details: [{ field: 'recipients.typed' }],
  })
})

it('a CSV file is written to with its columns; what it lacks is empty or the fallback; its refusals are a file', async () => {
  const csv =
    'nome;telefone;Código Postal;cupom\nAna;11 98765-0001;01310-100;A1\nBia;11 98765-0002;;\nAna de novo;011 98765-0001;x;x\nCaio;sem número;y;z\n'
  const file = await importCsv(csv)
  expect(file).toMatchObject({ rows: 4, accepted: 2, duplicates: 1, rejected: 1 })
  const refusals = (await whole.call(user, 'GET', `/api/user/imports/${file.id}/rejected.csv`)).body
  expect(refusals).toContain('Caio')
  expect(refusals).toContain('sem número')
  const content = '{{nome}}|{{codigo_postal}}|{{cupom | default: "sem cupom"}}|{{falta}}'
  const { lines } = await send({ importIds: [file.id] }, { messages: [{ type: 'text', content }] })
  expectTexts(lines, { '+5511987650001': 'Ana|01310-100|A1|', '+5511987650002': 'Bia||sem cupom|' })
})

it("the address book of the channel's phone is written to, by a group of its people", async () => {
  const book = await call<{ items: { phone: string; name: string }[] }>(
    'GET',
    `/api/user/channels/${channelId}/contacts`,
  )
  await call('POST', '/api/user/contacts/from-channel', { channelId })
  const { id } = await call<{ id: string }>('POST', '/api/user/contact-groups', { name: 'Agenda' })
  await call('POST', `/api/user/contact-groups/${id}/add`, { filter: {} })
  const { lines } = await send({ groupIds: [id] })
  expect(book.items.length).toBeGreaterThan(5)
  expect(numbersIn(lines)).toEqual(book.items.map(({ phone }) => phone).toSorted())
})

it('stored contacts are written to by group and tag, once where they are in both', async () => {
  const group = await call<{ id: string }>('POST', '/api/user/contact-groups', { name: 'Clientes' })
  const tag = await call<{ id: string }>('POST', '/api/user/contact-tags', { name: 'vip' })
  const add = (phone: string, name: string, more: object) =>
    call<Contact>('POST', '/api/user/contacts', { phone, name, ...more })
  await add('11 98765-0001', 'Ana', { groupIds: [group.id] })
  await add('11 98765-0002', 'Bia', { groupIds: [group.id], tagIds: [tag.id] })
  await add('11 98765-0003', 'Caio', { tagIds: [tag.id] })
  await add('11 98765-0004', 'Dora', {})
  const { details, lines } = await send({ groupIds: [group.id], tagIds: [tag.id] })
  expect(details.totals).toMatchObject({ chosen: 4, recipients: 3, duplicates: 1 })
  expectTexts(lines, { '+5511987650001': 'Olá Ana', '+5511987650002': 'Olá Bia', '+5511987650003': 'Olá Caio' })
})

it('what was shown before, of the audience and of a saved template for real contacts, is what goes out', async () => {
  const messages = [{ type: 'text', content: '{{saudacao}} {{nome}}, {{cidade | default: "aí"}}!' }]
  const template = await call<SavedTemplate>('POST', '/api/user/templates', { name: 'Convite', messages })
  const people = [
    { phone: '+5511987650001', name: 'Ana', variables: { cidade: 'Santos' } },
    { phone: '+5511987650002', name: 'Bia' },
  ]
  const contacts = await Promise.all(people.map((person) => call<Contact>('POST', '/api/user/contacts', person)))
  const saved = await call<SavedTemplate>('GET', `/api/user/templates/${template.id}`)
  const shown = await call<Preview>('POST', '/api/user/templates/preview', {
    messages: saved.messages,
    timeZone: 'Asia/Tokyo',
    contactIds: contacts.map(({ id }) => id),
  })
  const { id: groupId } = await call<{ id: string }>('POST', '/api/user/contact-groups', { name: 'Todos' })
  await call('POST', `/api/user/contact-groups/${groupId}/add`, { filter: {} })
  const more = { messages: saved.messages, timeZone: 'Asia/Tokyo' }
  const plan = planOf({ groupIds: [groupId] }, more)
  const before = await call<Preflight>('POST', `${CAMPAIGNS}/preflight`, plan)
  const { lines } = await send({ groupIds: [groupId] }, more)
  const texts = people.map(({ phone }, n) => [phone, shown.items[n]?.messages[0]?.texts[0]?.text ?? ''])
  expectTexts(lines, Object.fromEntries(texts))
  expect(texts.map(([, text]) => text)).toEqual([
    expect.stringMatching(/^(?:Bom dia|Boa tarde|Boa noite) Ana, Santos!$/),
    expect.stringMatching(/^(?:Bom dia|Boa tarde|Boa noite) Bia, aí!$/),
  ])
  expect(before.samples).toHaveLength(texts.length)
  expect(new Set(before.samples.map(({ texts: [text] }) => text))).toEqual(new Set(texts.map(([, text]) => text)))
})

it('numbers without a country code are those of the country that the user has set, wherever none is named', async () => {
  expect(await call('GET', '/api/user/settings')).toEqual({ defaultCountry: 'BR' })
  expect(await call('PATCH', '/api/user/settings', { defaultCountry: 'PT' })).toEqual({ defaultCountry: 'PT' })
  const nowhere = await whole.call(user, 'PATCH', '/api/user/settings', { payload: { defaultCountry: 'ZZ' } })
  expect(nowhere.statusCode).toBe(422)
  expect(await call('POST', '/api/user/phones/validate', { phone: '912 345 678' })).toMatchObject({
    normalized: '+351912345678',
  })
  const ofFile = await importCsv('nome;telefone\nAna;912 345 671\n')
  const named = await importCsv('nome;telefone\nBia;11 98765-0002\n', { defaultCountry: 'BR' })
  await call('POST', '/api/user/contacts', { phone: '912 345 673', name: 'Caio' })
  const { lines } = await send({ typed: '912 345 674', importIds: [ofFile.id, named.id] })
  expect(numbersIn(lines)).toEqual(['+351912345671', '+351912345674', '+5511987650002'])
  expect((await call<{ items: Contact[] }>('GET', '/api/user/contacts?search=Caio')).items).toMatchObject([
    { phone: '+351912345673' },
  ])
  await call('POST', '/api/user/messages', { channelId, phone: '912 345 675', message: HELLO[0] })
  await untilSome('the message', async () => (numbersIn(await ledger()).includes('+351912345675') ? true : null))
  const noted = await whole.db
    .selectFrom('audit_events')
    .select('details')
    .where('user_id', '=', user.id)
    .where('action', '=', 'user-edit')
    .execute()
  expect(noted).toEqual([{ details: { defaultCountry: { from: 'BR', to: 'PT' } } }])
})
