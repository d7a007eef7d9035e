import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from 'undici'
import { readBody } from '../goAnswers.ts'
import type { Answer, TestSandbox } from '../testSandbox.ts'
import type { CloudBehaviour, CloudVerdict } from './cloudSettings.ts'

export const APP_SECRET = 'app-secret-0123456789abcdef'
/** Statuses at once and never by chance, so that nothing happens but what the test asks for. */
export const PROMPT = {
  delivered: 0,
  sentDelayMs: 0,
  deliveredDelayMinMs: 0,
  deliveredDelayMaxMs: 0,
  readDelayMinMs: 0,
  readDelayMaxMs: 0,
  webhookRetryMs: 10,
} satisfies CloudBehaviour

let lastId = 106_000_000_000_000

/** Control of the pretend Cloud API inside a test's sandbox. */
export class TestCloud {
  readonly sandbox: TestSandbox

  constructor(sandbox: TestSandbox) {
    this.sandbox = sandbox
  }

  /** A number of its own, with statuses as in `PROMPT`. */
  async register(behaviour: CloudBehaviour = {}, more: Record<string, unknown> = {}): Promise<TestNumber> {
    const phoneNumberId = String(++lastId)
    const token = `EAA-${phoneNumberId}-token`
    const body = { phoneNumberId, token, appSecret: APP_SECRET, behaviour: { ...PROMPT, ...behaviour }, ...more }
    const { json } = await this.sandbox.call('PUT', '/sandbox/cloud/numbers', { admin: true, body })
    return new TestNumber(this.sandbox, phoneNumberId, token, (json as { wabaId: string }).wabaId)
  }
}

export class TestNumber {
  readonly id: string
  readonly token: string
  readonly wabaId: string
  readonly #sandbox: TestSandbox

  constructor(sandbox: TestSandbox, id: string, token: string, wabaId: string) {
    this.#sandbox = sandbox
    this.id = id
    this.token = token
    this.wabaId = wabaId
  }

  async graph(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    token: string | null = this.token,
  ): Promise<Answer> {
    const headers = {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    }
    const sent = body === undefined ? null : JSON.stringify(body)
    const answer = await request(`${this.#sandbox.url}/v25.0/${path}`, { method, headers, body: sent })
    const text = await answer.body.text()
    return {
      status: answer.statusCode,
      text,
      json: text.startsWith('{') ? (JSON.parse(text) as unknown) : null,
      headers: answer.headers,
    }
  }

  sendText(to: string, callbackData?: string, more: Record<string, unknown> = {}): Promise<Answer> {
    const body = {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to,
      type: 'text',
      text: { body: 'Olá' },
      biz_opaque_callback_data: callbackData,
    }
    return this.graph('POST', `${this.id}/messages`, { ...body, ...more })
  }

  async control(method: 'GET' | 'PUT' | 'POST' | 'PATCH', part: string, body?: unknown): Promise<unknown> {
    const answer = await this.#sandbox.call(method, `/sandbox/cloud/numbers/${this.id}${part}`, { admin: true, body })
    if (answer.status !== 200) throw new Error(answer.text)
    return answer.json
  }

  async setScript(script: Record<string, CloudVerdict[]>): Promise<void> {
    await this.control('PUT', '/script', script)
  }

  ledger(kind = '') {
    return this.#sandbox.ledger(this.id, kind)
  }
}

export type HookCall = { raw: Buffer; signature: string | undefined }

/** A receiver of webhooks that keeps what it got, and knows its verify token. */
export class TestHook {
  readonly calls: HookCall[] = []
  /** What it answers, call by call; 200 when there is nothing left. */
  readonly answers: number[] = []
  readonly verifyToken = 'verify-me-please'
  /** Reads everything and answers nothing. */
  hang = false
  readonly #server: Server

  private constructor() {
    this.#server = createServer((incoming, response) => {
      readBody(incoming, (raw) => {
        if (this.hang) return
        if (incoming.method === 'GET') {
          const query = new URL(incoming.url ?? '', 'http://x').searchParams
          const isOurs = query.get('hub.verify_token') === this.verifyToken
          response.writeHead(isOurs ? 200 : 403).end(query.get('hub.challenge'))
          return
        }
        const signature = incoming.headers['x-hub-signature-256']
        const status = this.answers.shift() ?? 200
        this.calls.push({ raw, signature: typeof signature === 'string' ? signature : undefined })
        response.writeHead(status).end()
        this.#server.emit('call')
      })
    })
  }

  static async start(): Promise<TestHook> {
    const hook = new TestHook()
    hook.#server.listen(0, '127.0.0.1')
    await once(hook.#server, 'listening')
    return hook
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  /** Every status so far, in the order of arrival. */
  statuses(): Record<string, unknown>[] {
    return this.calls.flatMap(({ raw }) => {
      const { entry } = JSON.parse(raw.toString()) as {
        entry: { changes: { value: { statuses?: Record<string, unknown>[] } }[] }[]
      }
      return entry.flatMap(({ changes }) => changes.flatMap(({ value }) => value.statuses ?? []))
    })
  }

  async waitFor(isThere: () => boolean): Promise<void> {
    while (!isThere()) await once(this.#server, 'call')
  }

  async waitForStatuses(count: number): Promise<Record<string, unknown>[]> {
    await this.waitFor(() => this.statuses().length >= count)
    return this.statuses()
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
