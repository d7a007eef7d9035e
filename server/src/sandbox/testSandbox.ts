import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { createLogger } from '#server/lib/logger.ts'
import type { LedgerLine } from './Ledger.ts'
import type { RunningSandbox } from './Sandbox.ts'
import { startSandbox } from './Sandbox.ts'
import type { SandboxSettings, Script, StateChange } from './settings.ts'

export const silent = createLogger({ level: 'silent', name: 'test' })

export type Answer = { status: number; text: string; json: unknown; headers: Record<string, unknown> }
export type Call = { token?: string; admin?: boolean; body?: unknown; raw?: string }

/** A sandbox inside the test process, on a directory that goes with it. */
export class TestSandbox {
  readonly directory: string
  readonly #running: RunningSandbox

  private constructor(directory: string, running: RunningSandbox) {
    this.directory = directory
    this.#running = running
  }

  static async start(): Promise<TestSandbox> {
    const directory = await mkdtemp(join(tmpdir(), 'revoada-sandbox-'))
    return new TestSandbox(directory, await startSandbox({ directory, port: null, log: silent }))
  }

  async stop(): Promise<void> {
    await this.#running.close()
    await rm(this.directory, { recursive: true, force: true })
  }

  get url(): string {
    return this.#running.url
  }

  async call(method: string, path: string, { admin, body, raw, token }: Call = {}): Promise<Answer> {
    const headers: Record<string, string> = {}
    if (token !== undefined) headers['token'] = token
    if (admin === true) headers['authorization'] = this.#running.adminToken
    const sent = raw ?? (body === undefined ? null : JSON.stringify(body))
    const answer = await request(`${this.url}${path}`, { method: method as 'GET', headers, body: sent })
    const text = await answer.body.text()
    return { status: answer.statusCode, text, json: parse(text), headers: answer.headers }
  }

  /** Registers a number without receipts and latency, so that nothing happens but what the test asks for. */
  async register(token: string, behaviour: SandboxSettings = {}, more: Record<string, unknown> = {}): Promise<string> {
    const body = { token, name: `line ${token}`, behaviour: { delivered: 0, ...behaviour }, ...more }
    const { json } = await this.call('PUT', '/sandbox/users', { admin: true, body })
    return (json as { id: string }).id
  }

  async setState(id: string, change: StateChange): Promise<void> {
    await this.call('POST', `/sandbox/users/${id}/state`, { admin: true, body: change })
  }

  async setScript(id: string, script: Script): Promise<void> {
    await this.call('PUT', `/sandbox/users/${id}/script`, { admin: true, body: script })
  }

  sendText(token: string, message: { Phone: string; Id?: string; Body?: string }): Promise<Answer> {
    return this.call('POST', '/chat/send/text', { token, body: { Body: 'Olá', ...message } })
  }

  async ledger(user: string, kind = ''): Promise<LedgerLine[]> {
    const { text } = await this.call('GET', `/sandbox/ledger?user=${user}${kind === '' ? '' : `&kind=${kind}`}`, {
      admin: true,
    })
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LedgerLine)
  }

  async summary(user: string): Promise<unknown> {
    return (await this.call('GET', `/sandbox/ledger/summary?user=${user}`, { admin: true })).json
  }
}

export function errorOf(answer: Answer): string {
  return (answer.json as { error: string }).error
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
