/** An answer of the product that was not 2xx. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number

  constructor(call: string, status: number, text: string) {
    super(`${call}: ${status} ${text.slice(0, 500)}`)
    this.status = status
  }
}

/** A signed-in user of the public API. The address may change with every restart, the session stays. */
export class ApiClient {
  address = ''
  #cookie = ''

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path)
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.#call<T>('POST', path, body)
  }

  /** Any request of this user; the answer is returned whatever it is. */
  async send(
    method: string,
    path: string,
    body?: FormData | string,
    more: Record<string, string> = {},
  ): Promise<Response> {
    const headers: Record<string, string> = { cookie: this.#cookie, origin: this.address, ...more }
    if (typeof body === 'string') headers['content-type'] = 'application/json'
    const response = await fetch(this.address + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(20_000),
    })
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0])
    if (cookies.length > 0) this.#cookie = cookies.join('; ')
    return response
  }

  /** What signs this user in, for requests that others make. */
  headers(): Record<string, string> {
    return { cookie: this.#cookie }
  }

  /** From now on this is the user that `other` is, with the same session. */
  actAs(other: ApiClient): void {
    this.#cookie = other.#cookie
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('PATCH', path, body)
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body))
    const text = await response.text()
    if (!response.ok) throw new ApiProblem(`${method} ${path}`, response.status, text)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
}
