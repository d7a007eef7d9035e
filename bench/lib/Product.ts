import { openAsBlob } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CampaignProgress, CreatedCampaign } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import type { ContactImport } from '#contract/imports.ts'

const CAMPAIGNS = '/api/user/bulk-campaigns'
const ADMIN = { name: 'Bench', email: 'bench@revoada.local', password: 'bench-password-1234' }
const TEXT = 'Olá {{primeiro_nome}}, seu pedido {{pedido}} sai hoje de {{cidade}}. {{saudacao}}!'
/** A question costs the server 2 ms of the time that is measured: rarely enough for 5 %, often enough for 25 ms. */
const POLL_MS = 50
/** Seldom enough not to be part of what is measured; instants come from the server. */
const WATCH_MS = 200
const IMPORT_TIMEOUT_MS = 600_000
const PREPARE_TIMEOUT_MS = 300_000

export type FinishedImport = {
  id: string
  accepted: number
  rows: number
  uploadSeconds: number
  importSeconds: number
}

/** The administrator of one server, over its public API. */
export class Product {
  readonly #url: string
  readonly authorization: string

  private constructor(url: string, authorization: string) {
    this.#url = url
    this.authorization = authorization
  }

  /** Sets the first administrator up and makes an API key. */
  static async setUp(url: string): Promise<Product> {
    const response = await fetch(`${url}/api/setup`, post(ADMIN))
    if (!response.ok) throw new Error(`Setting up: ${response.status} ${await response.text()}`)
    const cookie = response.headers
      .getSetCookie()
      .map((text) => text.split(';', 1)[0])
      .join('; ')
    const made = await fetch(`${url}/api/user/api-keys`, post({ name: 'bench' }, { cookie, origin: url }))
    const { key } = (await made.json()) as { key: string }
    return new Product(url, `Bearer ${key}`)
  }

  /** The same administrator after the server was started again, perhaps on another port. */
  at(url: string): Product {
    return new Product(url, this.authorization)
  }

  /** A channel to the stub gateway with so many requests under way at once. */
  async createChannel(maxInFlight: number): Promise<string> {
    const sandbox = {
      maxInFlight,
      latencyMinMs: 0,
      latencyMaxMs: 0,
      notOnWhatsapp: 0,
      transientErrors: 0,
      delivered: 0,
      read: 0,
    }
    const { id } = await this.#post<Channel>('/api/user/channels', { name: 'Bench', gateway: 'sandbox', sandbox })
    return id
  }

  /** Uploads a CSV file and waits until its contacts are there. Throws when it does not end as completed. */
  async importFile(file: string): Promise<FinishedImport> {
    const form = new FormData()
    form.set('defaultCountry', 'BR')
    form.set('file', await openAsBlob(file), 'contatos.csv')
    const startedAt = performance.now()
    const { id } = await this.#call<ContactImport>('POST', '/api/user/imports', form)
    const uploadedAt = performance.now()
    const done = await this.#until(IMPORT_TIMEOUT_MS, async () => {
      const row = await this.#call<ContactImport>('GET', `/api/user/imports/${id}`)
      return row.finishedAt === null ? null : row
    })
    if (done.status !== 'completed') throw new Error(`The import ended as ${done.status}.`)
    const seconds = {
      uploadSeconds: (uploadedAt - startedAt) / 1000,
      importSeconds: (performance.now() - uploadedAt) / 1000,
    }
    return { id, accepted: done.accepted, rows: done.rows, ...seconds }
  }

  /** A campaign to everybody of an import, expanded and ready to start. Returns how long the answer and all of it took. */
  async prepareCampaign(
    channelId: string,
    importId: string,
  ): Promise<{ id: string; total: number; answerMs: number; seconds: number }> {
    const startedAt = performance.now()
    const { campaignId } = await this.#post<CreatedCampaign>(CAMPAIGNS, {
      name: 'Bench',
      channelId,
      messages: [{ type: 'text', content: TEXT }],
      recipients: { importIds: [importId] },
      delayMin: 0,
      delayMax: 0,
      randomizeOrder: true,
    })
    const answerMs = performance.now() - startedAt
    const ready = await this.#until(PREPARE_TIMEOUT_MS, async () => {
      const progress = await this.progress(campaignId)
      return progress.preparing ? null : progress
    })
    return { id: campaignId, total: ready.stats.total, answerMs, seconds: (performance.now() - startedAt) / 1000 }
  }

  act(campaignId: string, action: 'start' | 'pause' | 'cancel'): Promise<unknown> {
    return this.#post(`${CAMPAIGNS}/${campaignId}/${action}`)
  }

  /** Cancels and waits until every open row is closed: that goes on in the background and would disturb what follows. */
  async cancel(campaignId: string): Promise<void> {
    await this.act(campaignId, 'cancel')
    const look = async () => {
      const { pending, retrying, sending } = (await this.progress(campaignId)).stats
      return pending + retrying + sending === 0 ? true : null
    }
    await this.#until(PREPARE_TIMEOUT_MS, look, WATCH_MS)
  }

  progress(campaignId: string): Promise<CampaignProgress> {
    return this.#call<CampaignProgress>('GET', progressPath(campaignId))
  }

  /** The progress once everybody was sent to. Throws with the last error when the campaign ends or pauses otherwise. */
  untilSent(campaignId: string, timeoutMs: number): Promise<CampaignProgress> {
    const look = async () => {
      const progress = await this.progress(campaignId)
      const { finishedAt, pauseReason, recentErrors, stats, status } = progress
      if (finishedAt === null && status !== 'paused') return null
      if (stats.sent === stats.total) return progress
      const [error] = recentErrors
      const last = error === undefined ? '' : `, last error ${error.category} ${error.code}: ${error.message}`
      throw new Error(`${stats.sent} of ${stats.total} were sent, ${status} ${pauseReason ?? ''}${last}`)
    }
    return this.#until(timeoutMs, look, WATCH_MS)
  }

  async #until<T>(timeoutMs: number, look: () => Promise<T | null>, everyMs = POLL_MS): Promise<T> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const found = await look()
      if (found !== null) return found
      if (performance.now() > deadline) throw new Error(`Nothing came of it in ${timeoutMs / 1000} s.`)
      await sleep(everyMs)
    }
  }

  #post<T>(path: string, body?: unknown): Promise<T> {
    return this.#call<T>('POST', path, body)
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const init = body instanceof FormData ? { body } : body === undefined ? {} : post(body)
    const headers = { ...('headers' in init ? init.headers : {}), authorization: this.authorization }
    const response = await fetch(this.#url + path, { ...init, method, headers })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}

export function progressPath(campaignId: string): string {
  return `${CAMPAIGNS}/${campaignId}/progress`
}

function post(body: unknown, headers: Record<string, string> = {}) {
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}
