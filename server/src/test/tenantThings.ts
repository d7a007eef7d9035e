import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { sql } from 'kysely'
import { inAYear } from './exampleBodies.ts'
import type { Person, WholeApp } from './wholeApp.ts'

/** What belongs to one user and has an id that requests name. */
export type Kind = 'campaign' | 'channel' | 'message' | 'import' | 'apiKey'

/** What an id in a path stands for: the longest beginning that fits. A new route with an id of a new kind is told here. */
const KIND_OF_PATH: Record<string, Kind> = {
  '/api/user/bulk-campaigns/:id': 'campaign',
  '/api/user/channels/:id': 'channel',
  '/api/user/messages/:id': 'message',
  '/api/user/imports/:id': 'import',
  '/api/user/api-keys/:id': 'apiKey',
}

/** What an id in a body stands for, by the field's name. */
const KIND_OF_FIELD: Record<string, Kind> = { channelId: 'channel', importIds: 'import' }

export function kindOfPath(url: string): Kind | undefined {
  const known = Object.keys(KIND_OF_PATH).filter((path) => url === path || url.startsWith(`${path}/`))
  return KIND_OF_PATH[known.toSorted((a, b) => b.length - a.length)[0] ?? '']
}

export function kindOfField(name: string): Kind | undefined {
  return KIND_OF_FIELD[name]
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
    expect([url, answer.statusCode, answer.body]).toEqual([url, expect.toBeOneOf([201, 202]), expect.anything()])
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
  }
}

type Post = (url: string, payload: unknown, headers: Record<string, string>) => Promise<string>

/** As if the worker had read it: there is none here. */
async function importFor(whole: WholeApp, post: Post, canary: string): Promise<string> {
  const boundary = randomUUID()
  const payload = [
    `--${boundary}`,
    `content-disposition: form-data; name="file"; filename="${canary}.csv"`,
    'content-type: text/csv',
    '',
    `nome;telefone\n${canary};11987654321\n`,
    `--${boundary}--`,
    '',
  ].join('\r\n')
  const id = await post('/api/user/imports', payload, { 'content-type': `multipart/form-data; boundary=${boundary}` })
  await whole.db
    .updateTable('contact_imports')
    .set({ status: 'completed', finished_at: new Date() })
    .where('id', '=', id)
    .execute()
  return id
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
