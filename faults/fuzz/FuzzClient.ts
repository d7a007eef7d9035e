import { errors, Pool } from 'undici'

export type FuzzRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: string | null
}

export type FuzzAnswer = {
  status: number
  contentType: string | null
  text: string
  ms: number
}

const DEADLINE_MS = 20_000

/** Requests exactly as they are written, over connections that stay open; streams are left once they have begun. */
export class FuzzClient {
  readonly #pool: Pool
  readonly #address: string

  constructor(address: string) {
    this.#address = address
    this.#pool = new Pool(address, { connections: 8, headersTimeout: DEADLINE_MS, bodyTimeout: DEADLINE_MS })
  }

  /** Again when the connection ended before its answer was read, as those do whose headers are too large. */
  async send(request: FuzzRequest): Promise<FuzzAnswer> {
    try {
      return await this.#ask(request)
    } catch (error) {
      if (!(error instanceof errors.SocketError)) throw error
      return this.#ask(request)
    }
  }

  async #ask({ method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
    const from = performance.now()
    const answer = await this.#pool.request({
      // undici knows the usual methods by their types alone.
      method: method as 'GET',
      path,
      headers: { origin: this.#address, ...headers },
      body,
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    const type = answer.headers['content-type']
    const contentType = typeof type === 'string' ? type : null
    const isStream = contentType?.startsWith('text/event-stream') === true
    if (isStream) answer.body.on('error', () => undefined).destroy()
    const text = isStream ? '' : await answer.body.text()
    return { status: answer.statusCode, contentType, text, ms: performance.now() - from }
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }
}
