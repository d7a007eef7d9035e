import { findSandbox, readSandboxLedger, type LedgerLine, type Sandbox } from '#server/channels/sandboxProcess.ts'
import { check } from './check.ts'

export type { LedgerLine } from '#server/channels/sandboxProcess.ts'

/** `recipients` are distinct numbers that something was accepted for; `duplicates` were accepted under an id once more. */
export type LedgerSummary = { read: number; distinctAccepted: number; duplicates: number; recipients: number }

/** How the pretend gateway behaves: `SandboxSettings` of the sandbox, as JSON. */
export type Behaviour = Record<string, number | string | boolean>

/** One number of the pretend gateway, seen from behind: its ledger, and what it does next. */
export class GatewayControl {
  readonly #directory: string
  readonly #name: string

  /** `name` is that of the channel; the number at the sandbox has the same. */
  constructor(directory: string, name: string) {
    this.#directory = directory
    this.#name = name
  }

  /** Everything the gateway read and accepted on this number, oldest first. */
  async ledger(): Promise<LedgerLine[]> {
    const { sandbox, userId } = await this.#find()
    const lines: LedgerLine[] = []
    for await (const line of readSandboxLedger(sandbox, userId)) lines.push(line)
    return lines
  }

  /** How many requests it has read so far. */
  async readCount(): Promise<number> {
    return (await this.summary()).read
  }

  /** The sums of the ledger. */
  async summary(): Promise<LedgerSummary> {
    const { sandbox, userId } = await this.#find()
    return (await this.#call(sandbox, 'GET', `/sandbox/ledger/summary?user=${userId}`)) as LedgerSummary
  }

  async behave(changes: Behaviour): Promise<void> {
    const { sandbox, userId } = await this.#find()
    await this.#call(sandbox, 'PATCH', `/sandbox/users/${userId}/behaviour`, changes)
  }

  /** What becomes of the next requests: by number (digits), or `*` for all without their own. `{}` ends it. */
  async script(verdicts: Record<string, object[]>): Promise<void> {
    const { sandbox, userId } = await this.#find()
    await this.#call(sandbox, 'PUT', `/sandbox/users/${userId}/script`, verdicts)
  }

  /** Loses the number's session (`dropped`) or brings it back (`ready`), with the event that WhatsApp would report. */
  async connection(state: 'ready' | 'dropped'): Promise<void> {
    const { sandbox, userId } = await this.#find()
    await this.#call(sandbox, 'POST', `/sandbox/users/${userId}/state`, { state })
  }

  async #find(): Promise<{ sandbox: Sandbox; userId: string }> {
    const sandbox = await findSandbox({ directory: this.#directory })
    check(sandbox !== null, `The sandbox in ${this.#directory} does not answer.`)
    const users = (await this.#call(sandbox, 'GET', '/sandbox/users')) as { id: string; name: string }[]
    const user = users.find(({ name }) => name === this.#name)
    check(user !== undefined, `The sandbox does not know "${this.#name}".`)
    return { sandbox, userId: user.id }
  }

  async #call(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { authorization: sandbox.adminToken, 'content-type': 'application/json' }
    const payload = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(sandbox.url + path, { method, headers, ...payload })
    check(response.ok, `The sandbox answered ${method} ${path} with ${response.status}.`)
    return response.json()
  }
}
