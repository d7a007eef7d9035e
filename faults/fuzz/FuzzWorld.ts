import { randomBytes } from 'node:crypto'
import { sandboxChannel } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab } from '../lab/Lab.ts'
import type { Site } from '../lab/Site.ts'
import { uploadContacts } from '../lab/uploads.ts'
import { ApiDocument, type Operation } from './ApiDocument.ts'
import { FuzzClient, type FuzzAnswer, type FuzzRequest } from './FuzzClient.ts'
import { Inventor, NEXT_YEAR } from './Inventor.ts'

export type Caller = 'session' | 'key' | 'none'

const EMAIL = 'fuzz@revoada.local'
const NAMES_OF_IDS = ['id', 'campaignId', 'messageId', 'channelId', 'importId', 'contactId']
/** Limits of people must not stop a machine. */
export const FUZZ_SETTINGS = { SIGN_IN_LIMIT: '100000', LOG_LEVEL: 'warn' }

/** An installation with something of everything in it, its document, and callers who are signed in. */
export class FuzzWorld {
  readonly site: Site
  readonly document: ApiDocument
  readonly inventor: Inventor
  readonly client: FuzzClient
  readonly #password: string
  /** What is there, by the path of its list. */
  readonly #ids = new Map<string, string[]>()
  #cookie = ''
  #key = ''

  private constructor(site: Site, document: ApiDocument, inventor: Inventor, password: string) {
    this.site = site
    this.document = document
    this.inventor = inventor
    this.client = new FuzzClient(site.api.address)
    this.#password = password
  }

  /** Made on a site whose server answers, and that has no user yet. */
  static async make(lab: Lab, site: Site): Promise<FuzzWorld> {
    const password = randomBytes(18).toString('base64url')
    await site.api.post('/api/setup', { name: 'Fuzz', email: EMAIL, password })
    await fill(site)
    const document = await ApiDocument.fetch(site.api.address)
    const world = new FuzzWorld(site, document, new Inventor(document, lab.random), password)
    lab.atEnd(() => world.client.close())
    await world.signIn()
    await world.#learnIds()
    return world
  }

  /** Anew when what came before has ended the session or revoked the key. */
  async signIn(): Promise<void> {
    const { api } = this.site
    if (!(await this.#isKnown('session'))) {
      const body = JSON.stringify({ email: EMAIL, password: this.#password })
      const answer = await api.send('POST', '/api/auth/sign-in', body)
      check(answer.status === 200, `Signing in was answered ${answer.status}.`)
      const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0])
      this.#cookie = cookies.join('; ')
    }
    if (await this.#isKnown('key')) return
    const { key } = await api.post<{ key: string }>('/api/user/api-keys', { name: 'fuzz' })
    this.#key = key
  }

  async #isKnown(caller: Caller): Promise<boolean> {
    const request = { method: 'GET', path: '/api/me', headers: this.headersOf(caller), body: null }
    return (await this.client.send(request)).status === 200
  }

  headersOf(caller: Caller): Record<string, string> {
    if (caller === 'session') return { cookie: this.#cookie }
    return caller === 'key' ? { authorization: `Bearer ${this.#key}` } : {}
  }

  /** A request to `operation` as the document says it should be. */
  request(operation: Operation, caller: Caller): FuzzRequest {
    const { body } = operation
    const headers: Record<string, string> = this.headersOf(caller)
    let text: string | null = null
    if (body?.contentType === 'multipart/form-data') {
      headers['content-type'] = 'multipart/form-data; boundary=fuzz'
      text = MULTIPART
    } else if (body !== null) {
      headers['content-type'] = 'application/json'
      text = JSON.stringify(this.inventor.value(body.schema))
    }
    return { method: operation.method, path: this.pathOf(operation), headers, body: text }
  }

  /** The path with real ids where there are some, and the query. `changes` stand in for single parameters, as they are. */
  pathOf(operation: Operation, changes: Record<string, string> = {}): string {
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const list = operation.path.slice(0, operation.path.indexOf('/{'))
      const ids = this.#ids.get(list) ?? []
      // Deleted at once, there would be nothing left for the requests after it.
      const isReal = ids.length > 0 && this.inventor.chance(operation.method === 'DELETE' ? 0.05 : 0.9)
      const invented = String(this.inventor.value(schemaOf(operation, name)))
      return changes[name] ?? (isReal ? this.inventor.pick(ids) : invented)
    })
    const query = operation.parameters
      .filter(({ in: place, name }) => place === 'query' && (name in changes || this.inventor.chance(0.4)))
      .map(({ name, schema }) => `${name}=${changes[name] ?? encodeURIComponent(String(this.inventor.value(schema)))}`)
    return query.length === 0 ? path : `${path}?${query.join('&')}`
  }

  send(request: FuzzRequest): Promise<FuzzAnswer> {
    return this.client.send(request)
  }

  /** From every list that the session may read. */
  async #learnIds(): Promise<void> {
    for (const { method, path } of this.document.operations) {
      if (method !== 'GET' || path.includes('{')) continue
      const answer = await this.client.send({ method, path, headers: this.headersOf('session'), body: null })
      const isList = answer.status === 200 && answer.contentType?.startsWith('application/json') === true
      const items = isList ? (JSON.parse(answer.text) as { items?: Record<string, unknown>[] }).items : []
      const ids = (items ?? []).flatMap((item) => NAMES_OF_IDS.map((name) => item[name]).find(isText) ?? [])
      // The key of the fuzz itself comes first in its list, and stays.
      this.#ids.set(path, path.endsWith('/api-keys') || path.endsWith('/users') ? ids.slice(1) : ids)
    }
    this.inventor.known.set('channelId', this.#ids.get('/api/user/channels') ?? [])
    this.inventor.known.set('importId', this.#ids.get('/api/user/imports') ?? [])
  }
}

const MULTIPART = [
  '--fuzz',
  'content-disposition: form-data; name="file"; filename="a.csv"',
  '',
  'telefone;nome\r\n11987654321;Ana',
  '--fuzz--',
  '',
].join('\r\n')

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function schemaOf(operation: Operation, name: string) {
  return operation.parameters.find((parameter) => parameter.name === name)?.schema ?? { type: 'string', format: 'uuid' }
}

/** Channels, people, campaigns and messages that never come to be sent. */
async function fill(site: Site): Promise<void> {
  const { api } = site
  const channels = [await sandboxChannel(site), await sandboxChannel(site)]
  await uploadContacts(site, 20, 1)
  for (const [n, channel] of [...channels, ...channels].entries()) {
    const contacts = [{ phone: '+5511970000001', name: 'Ana' }, { phone: '+5511970000002' }]
    const messages = [{ type: 'text', content: 'Oi, {{nome}}' }]
    const plan = { channelId: channel.id, messages, recipients: { contacts }, delayMin: 1, delayMax: 2 }
    await api.post('/api/user/bulk-campaigns', { name: `Fuzz ${n}`, ...plan })
    const message = { channelId: channel.id, phone: '+5511970000001', message: messages[0] }
    await api.post('/api/user/messages', { ...message, scheduledAt: NEXT_YEAR })
    await api.post('/api/user/api-keys', { name: `spare ${n}` })
  }
}
