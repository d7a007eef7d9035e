import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { check, until } from './check.ts'
import type { Site } from './Site.ts'

/** What a gateway knows of an address that we gave it. */
export type Hook = {
  shape: 'wuzapi' | 'cloud'
  channelId: string
  secret: string
  /** What it signs with. */
  key: string
  token: string
  /** Of the Cloud API. */
  phoneNumberId: string
}

export type State = 'sent' | 'delivered' | 'read' | 'failed'
export type Status = { id: string; state: State }
export type Answer = { status: number; ms: number; text: string }

type SandboxUser = { token: string; webhook: string; hmacKey: string }
type SandboxCloudNumber = { id: string; token: string; webhookUrl: string | null; appSecret: string }

/** The address of a sandbox channel of the site. */
export function sandboxHook(site: Site, channelId: string): Promise<Hook> {
  return untilThere(() => {
    const users = readJson<SandboxUser[]>(site, 'users.json')
    const user = users.find(({ webhook }) => partsOf(webhook).channelId === channelId)
    if (user === undefined) return null
    return { shape: 'wuzapi', ...partsOf(user.webhook), key: user.hmacKey, token: user.token, phoneNumberId: '' }
  })
}

/** The address of a channel of the site to the simulated Cloud API. */
export function cloudHook(site: Site, channelId: string): Promise<Hook> {
  return untilThere(() => {
    for (const { id, token, webhookUrl, appSecret } of readJson<SandboxCloudNumber[]>(site, 'cloud-numbers.json')) {
      if (webhookUrl === null || partsOf(webhookUrl).channelId !== channelId) continue
      return { shape: 'cloud', ...partsOf(webhookUrl), key: appSecret, token, phoneNumberId: id }
    }
    return null
  })
}

function untilThere(look: () => Hook | null): Promise<Hook> {
  return until('the address for webhooks', look, { limitMs: 30_000 })
}

export function partsOf(url: string): { channelId: string; secret: string } {
  const [, channelId = '', secret = ''] = /\/api\/hooks\/([^/]+)\/([^/]+)$/.exec(url) ?? []
  return { channelId, secret }
}

function readJson<T>(site: Site, file: string): T {
  return JSON.parse(readFileSync(join(site.directory, 'sandbox', file), 'utf8')) as T
}

/** The bytes of one call; `nonce` makes it another call that says the same. WuzAPI knows no `sent` and no `failed`. */
export function bodyOf(hook: Hook, statuses: Status[], nonce: string | number = ''): string {
  return JSON.stringify(hook.shape === 'wuzapi' ? wuzapiPayload(statuses, nonce) : cloudPayload(hook, statuses, nonce))
}

function wuzapiPayload(statuses: Status[], nonce: string | number) {
  const state = statuses[0]?.state ?? 'read'
  check(state === 'delivered' || state === 'read', `WuzAPI never reports ${state}.`)
  check(new Set(statuses.map((status) => status.state)).size <= 1, 'A call of WuzAPI has one state.')
  const event = { Chat: '1@lid', IsFromMe: false, MessageIDs: statuses.map(({ id }) => id), Type: '', Nonce: nonce }
  return {
    event,
    instanceName: 'lab',
    state: state === 'read' ? 'Read' : 'Delivered',
    type: 'ReadReceipt',
    userID: '1',
  }
}

function cloudPayload(hook: Hook, statuses: Status[], nonce: string | number) {
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '551130000000', phone_number_id: hook.phoneNumberId },
    contacts: [{ profile: { name: `João 🐦 ${nonce}` }, wa_id: '5511955550101' }],
    statuses: statuses.map(({ id, state }) => ({
      id: `wamid.${id}`,
      status: state,
      timestamp: '1790000123',
      recipient_id: '5511955550101',
      biz_opaque_callback_data: id,
      ...(state === 'failed' ? { errors: [{ code: 131026, title: 'Message undeliverable' }] } : {}),
    })),
  }
  const changes = [{ field: 'messages', value }]
  return { object: 'whatsapp_business_account', entry: [{ id: '102', time: 1_790_000_000, changes }] }
}

/** As the gateway signs: over the bytes as they are sent. */
export function signatureOf(hook: Hook, body: string | Buffer, key = hook.key): Record<string, string> {
  if (key === '') return {}
  const hex = createHmac('sha256', key).update(body).digest('hex')
  return hook.shape === 'cloud' ? { 'x-hub-signature-256': `sha256=${hex}` } : { 'x-hmac-signature': hex }
}

export type CallOptions = {
  headers?: Record<string, string>
  type?: string
  channelId?: string
  secret?: string
  method?: 'GET' | 'POST'
}

/** Calls addresses of one server as gateways do. `close` it. */
export class HookCaller {
  readonly #site: Site
  readonly #agent: Agent

  constructor(site: Site, connections = 64) {
    this.#site = site
    this.#agent = new Agent({ connections, connectTimeout: 30_000, headersTimeout: 30_000 })
  }

  /** Throws when no answer came. */
  async call(hook: Hook, body: string | Buffer, options: CallOptions = {}): Promise<Answer> {
    const { channelId = hook.channelId, secret = hook.secret, type = 'application/json', method = 'POST' } = options
    const headers = { 'content-type': type, ...(options.headers ?? signatureOf(hook, body)) }
    const startedAt = performance.now()
    const answer = await request(`${this.#site.api.address}/api/hooks/${channelId}/${secret}`, {
      method,
      headers,
      dispatcher: this.#agent,
      ...(method === 'GET' ? {} : { body }),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, ms: performance.now() - startedAt, text }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}

/** Does `work` for each item, so many at a time; returns the results in their order. */
export async function inParallel<T, R>(items: T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const run = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index] as T)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, run))
  return results
}

export async function inboxSize(site: Site): Promise<number> {
  const [row] = await site.query<{ n: number }>('select count(*)::int as n from webhook_inbox')
  return row?.n ?? 0
}

/** Returns when everything that was stored has been applied. */
export async function untilApplied(site: Site, limitMs: number): Promise<void> {
  await until('an empty inbox', async () => ((await inboxSize(site)) === 0 ? true : null), { limitMs, everyMs: 50 })
}
