import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'

/** A signed-in user of the product's public API, as a browser would be. */
export class ApiSession {
  readonly #address: string
  #cookie = ''

  constructor(address: string) {
    this.#address = address
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path)
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return body === undefined
      ? this.#call<T>('POST', path)
      : this.#call<T>('POST', path, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  }

  async upload<T>(path: string, file: string, fields: Record<string, string>): Promise<T> {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    form.set('file', await openAsBlob(file), basename(file))
    return this.#call<T>('POST', path, { body: form })
  }

  async download(path: string): Promise<string> {
    const response = await fetch(this.#address + path, { headers: { cookie: this.#cookie } })
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`)
    return response.text()
  }

  async #call<T>(
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: string | FormData } = {},
  ): Promise<T> {
    const headers = { ...init.headers, cookie: this.#cookie, origin: this.#address }
    const response = await fetch(this.#address + path, {
      method,
      headers,
      ...(init.body === undefined ? {} : { body: init.body }),
    })
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0])
    if (cookies.length > 0) this.#cookie = cookies.join('; ')
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
}
