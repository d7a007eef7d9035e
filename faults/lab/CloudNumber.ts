import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Channel } from '#contract/channels.ts'
import { ensureSandbox, readSandboxLedger, type LedgerLine, type Sandbox } from '#server/channels/sandboxProcess.ts'
import { createLogger } from '#server/lib/logger.ts'
import { cloudChannel } from './channels.ts'
import { check, until } from './check.ts'
import type { LedgerSource } from './LedgerSource.ts'
import type { Site } from './Site.ts'

const log = createLogger({ level: 'silent' })

/**
 * A number at the simulator of the Cloud API and the site's channel to it: what Meta would see and do. Its webhooks,
 * signed, reach the site when that was started at a known address (`knownAddress`).
 */
export class CloudNumber implements LedgerSource {
  readonly channel: Channel
  readonly #sandbox: Sandbox
  readonly #id: string

  private constructor(sandbox: Sandbox, id: string, channel: Channel) {
    this.#sandbox = sandbox
    this.#id = id
    this.channel = channel
  }

  /** `behaviour`: `cloudBehaviour` of the simulator, as JSON; it limits nothing and reports nothing but `sent` unless told to. */
  static async register(site: Site, behaviour: object = {}): Promise<CloudNumber> {
    const sandbox = await ensureSandbox({ directory: join(site.directory, 'sandbox'), log })
    const id = String(1_000_000_000 + Math.floor(Math.random() * 8_999_999_999))
    const [token, appSecret, wabaId] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex'), `2${id}`]
    const settings = { messagesPerSecond: 0, delivered: 0, read: 0, ...behaviour }
    await call(sandbox, 'PUT', '/sandbox/cloud/numbers', {
      phoneNumberId: id,
      token,
      appSecret,
      wabaId,
      behaviour: settings,
    })
    const channel = await cloudChannel(site, sandbox.url, { phoneNumberId: id, token, appSecret, wabaId })
    return new CloudNumber(sandbox, id, channel)
  }

  async ledger(): Promise<LedgerLine[]> {
    const lines: LedgerLine[] = []
    for await (const line of readSandboxLedger(this.#sandbox, this.#id)) lines.push(line)
    return lines
  }

  /** Returns when the site has told where its webhooks go; what is accepted before is never reported. */
  async untilReporting(limitMs: number): Promise<void> {
    const look = async () => {
      const headers = { authorization: this.#sandbox.adminToken }
      const response = await fetch(`${this.#sandbox.url}/sandbox/cloud/numbers/${this.#id}`, { headers })
      return ((await response.json()) as { hasWebhook: boolean }).hasWebhook ? true : null
    }
    await until('the address for webhooks', look, { limitMs })
  }

  async behave(changes: object): Promise<void> {
    await this.#control('PATCH', 'behaviour', changes)
  }

  /** What becomes of the next requests: by number (digits), or `*` for all without their own. `{}` ends it. */
  async script(verdicts: Record<string, object[]>): Promise<void> {
    await this.#control('PUT', 'script', verdicts)
  }

  async #control(method: string, what: string, body: object): Promise<void> {
    await call(this.#sandbox, method, `/sandbox/cloud/numbers/${this.#id}/${what}`, body)
  }
}

async function call(sandbox: Sandbox, method: string, path: string, body: object): Promise<void> {
  const headers = { authorization: sandbox.adminToken, 'content-type': 'application/json' }
  const response = await fetch(sandbox.url + path, { method, headers, body: JSON.stringify(body) })
  check(response.ok, `The simulator answered ${method} ${path} with ${response.status}.`)
  await response.body?.cancel()
}
