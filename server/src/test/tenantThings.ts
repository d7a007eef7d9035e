import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import { sql } from 'kysely'
import { expect } from 'vitest'
import { TEST_PASSWORD } from '#server/http/testApp.ts'
import { inAYear } from './exampleBodies.ts'
import type { Person, WholeApp } from './wholeApp.ts'

/** What belongs to one user and has an id that requests name. */
export type Kind =
  | 'campaign'
  | 'channel'
  | 'message'
  | 'import'
  | 'apiKey'
  | 'session'
  | 'suppression'
  | 'contact'
  | 'medium'
  | 'template'
  | 'group'
  | 'tag'
  | 'draft'

/** What an id in a path stands for: the longest beginning that fits. A new route with an id of a new kind is told here. */
const KIND_OF_PATH: Record<string, Kind> = {
  '/api/user/bulk-campaigns/:id': 'campaign',
  '/api/user/channels/:id': 'channel',
  '/api/user/messages/:id': 'message',
  '/api/user/imports/:id': 'import',
  '/api/user/api-keys/:id': 'apiKey',
  '/api/user/sessions/:id': 'session',
  '/api/user/suppressions/:id': 'suppression',
  '/api/user/contacts/:id': 'contact',
  '/api/user/media/:id': 'medium',
  '/api/user/templates/:id': 'template',
  '/api/user/contact-groups/:id': 'group',
  '/api/user/contact-tags/:id': 'tag',
  '/api/user/campaign-drafts/:id': 'draft',
}

/** What an id in a body stands for, by the field's name. */
const KIND_OF_FIELD: Record<string, Kind> = {
  channelId: 'channel',
  mediaId: 'medium',
  importId: 'import',
  importIds: 'import',
  groupIds: 'group',
  tagIds: 'tag',
  excludeCampaignIds: 'campaign',
  campaignIds: 'campaign',
}

export function kindOfPath(url: string): Kind | undefined {
  const known = Object.keys(KIND_OF_PATH).filter((path) => url === path || url.startsWith(`${path}/`))
  return KIND_OF_PATH[known.toSorted((a, b) => b.length - a.length)[0] ?? '']
}

export function kindOfField(name: string): Kind | undefined {
  return KIND_OF_FIELD[name]
}

/** An id that nothing of this kind has. Contacts count from 1 in every account, so theirs are far from the beginning. */
export function missingId(kind: Kind): string {
  return kind === 'contact' ? String(randomInt(1e11, 2e11)) : randomUUID()
}

/** Stands in whatever a tenant writes; nobody else ever reads it. */
export function canaryOf(person: Person): string {
  return `canary${person.id.replaceAll('-', '').slice(0, 12)}`
}

/** Makes one of the kind for this person, by the API. */
export async function make(whole: WholeApp, person: Person, kind: Kind, channelId?: string): Promise<string> {
  const canary = canaryOf(person)
  const channel = channelId ?? (kind === 'channel' ? '' : await make(whole, person, 'channel'))
  const post = async (url: string, payload: unknown, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await whole.call(person, 'POST', url, { payload, headers })
    expect([url, answer.statusCode, answer.body]).toEqual([url, expect.toBeOneOf([200, 201, 202]), expect.anything()])
    const made = answer.json<{ id?: string; campaignId?: string; messageId?: string }>()
    return made.id ?? made.campaignId ?? made.messageId ?? ''
  }
  switch (kind) {
    case 'channel': {
      const token = `${canary}${randomBytes(9).toString('hex')}`
      await whole.sandbox.register(token)
      return post('/api/user/channels', { name: canary, gateway: 'wuzapi', baseUrl: whole.sandbox.url, token })
    }
    case 'campaign':
      return post('/api/user/bulk-campaigns', {
        name: canary,
        channelId: channel,
        messages: [{ type: 'text', content: canary }],
        recipients: { contacts: [{ phone: '11 98765-4321', name: canary }] },
        delayMin: 5,
        delayMax: 10,
      })
    case 'message':
      return post('/api/user/messages', {
        channelId: channel,
        phone: '11 98765-4321',
        message: { type: 'text', content: canary },
        scheduledAt: inAYear(),
      })
    case 'import':
      return importFor(whole, post, canary)
    case 'apiKey':
      return post('/api/user/api-keys', { name: canary })
    case 'session':
      // As from another browser: with the cookie, the session would be replaced.
      await whole.call(null, 'POST', '/api/auth/sign-in', { payload: { email: person.email, password: TEST_PASSWORD } })
      return other(await whole.call(person, 'GET', '/api/user/sessions'))
    case 'suppression':
      await post('/api/user/suppressions', { phones: [`+55119${randomInt(1e7, 1e8)}`], note: canary })
      return other(await whole.call(person, 'GET', '/api/user/suppressions'))
    case 'group':
      return post('/api/user/contact-groups', { name: `${canary} ${randomUUID()}` })
    case 'tag':
      return post('/api/user/contact-tags', { name: `${canary} ${randomUUID()}` })
    case 'draft':
      return draftFor(whole, person)
    case 'contact':
      return contactFor(whole, person)
    case 'medium':
      return mediumFor(post, canary)
    case 'template':
      return post('/api/user/templates', {
        name: `${canary} ${randomUUID()}`,
        messages: [{ type: 'text', content: canary }],
      })
  }
}

type Post = (url: string, payload: unknown, headers: Record<string, string>) => Promise<string>

/** The newest of a list that is not the caller's own session. */
function other(answer: LightMyRequestResponse): string {
  const { items } = answer.json<{ items: { id: string; current?: boolean }[] }>()
  return items.find(({ current }) => current !== true)?.id ?? ''
}

/** The page makes the id, so there is no POST. */
async function draftFor(whole: WholeApp, person: Person): Promise<string> {
  const id = randomUUID()
  const payload = { data: { name: canaryOf(person) }, revision: 0 }
  expect((await whole.call(person, 'PUT', `/api/user/campaign-drafts/${id}`, { payload })).statusCode).toBe(200)
  return id
}

async function contactFor(whole: WholeApp, person: Person): Promise<string> {
  const id = randomInt(1e11, 2e11)
  const phone = `+55119${randomInt(1e7, 1e8)}`
  await sql`
    insert into contacts (user_id, id, phone, name) overriding system value
    values (${person.id}, ${id}, ${phone}, ${canaryOf(person)})
  `.execute(whole.db)
  return String(id)
}

/** As if the worker had read it: there is none here. */
async function importFor(whole: WholeApp, post: Post, canary: string): Promise<string> {
  const file = { name: `${canary}.csv`, type: 'text/csv', text: `nome;telefone\n${canary};11987654321\n` }
  const id = await upload(post, '/api/user/imports', file)
  await whole.db
    .updateTable('contact_imports')
    .set({ status: 'completed', finished_at: new Date() })
    .where('id', '=', id)
    .execute()
  return id
}

/** Another one each time: the same bytes would be the same medium. */
async function mediumFor(post: Post, canary: string): Promise<string> {
  const file = { name: `${canary}.txt`, type: 'text/plain', text: `${canary} ${randomUUID()}` }
  return upload(post, '/api/user/media', file)
}

export type UploadedFile = { name: string; type: string; bytes: Buffer }

/** A medium of this person. Returns its id. */
export async function uploadMedium(whole: WholeApp, person: Person, file: UploadedFile): Promise<string> {
  const answer = await whole.call(person, 'POST', '/api/user/media', formOf(file))
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()])
  return answer.json<{ id: string }>().id
}

async function upload(post: Post, url: string, { text, ...file }: { name: string; type: string; text: string }) {
  const { payload, headers } = formOf({ ...file, bytes: Buffer.from(text) })
  return post(url, payload, headers)
}

function formOf({ name, type, bytes }: UploadedFile): { payload: Buffer; headers: Record<string, string> } {
  const boundary = randomUUID()
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`
  const payload = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { payload, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}

/** Everything that the database keeps of a user, as one text. */
export async function rowsOf(whole: WholeApp, userId: string): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select c.table_name as name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and c.column_name = 'user_id' and t.table_type = 'BASE TABLE' order by 1
  `.execute(whole.db)
  const texts = []
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`
      select t::text as row from ${sql.table(name)} t where user_id::text = ${userId} order by 1
    `.execute(whole.db)
    texts.push(name, ...rows.map(({ row }) => row))
  }
  return texts.join('\n')
}
