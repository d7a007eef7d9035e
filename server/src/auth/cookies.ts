import type { FastifyRequest } from 'fastify'

/** What our cookies hold: 32 random bytes in base64url. */
const VALUE = /^[\w-]{43}$/

/** One cookie of ours: out of reach of scripts, not sent along from other sites, and under TLS bound to this very host. */
export class Cookie {
  readonly name: string
  readonly #attributes: string

  /** Without TLS neither `Secure` nor the prefix can be used: the browser would drop the cookie. */
  constructor(name: string, publicUrl: string | null) {
    const tls = publicUrl?.startsWith('https://') ?? false
    this.name = tls ? `__Host-${name}` : name
    this.#attributes = `Path=/; HttpOnly; ${tls ? 'Secure; ' : ''}SameSite=Lax`
  }

  /** A `Set-Cookie` value. */
  set(value: string, maxAgeSeconds: number): string {
    return `${this.name}=${value}; Max-Age=${maxAgeSeconds}; ${this.#attributes}`
  }

  /** The `Set-Cookie` value that deletes it. */
  clear(): string {
    return `${this.name}=; Max-Age=0; ${this.#attributes}`
  }

  /** What the browser sent; null when it is missing, sent twice or not of our making. */
  read(request: FastifyRequest): string | null {
    const values = (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${this.name}=`))
      .map((pair) => pair.slice(this.name.length + 1))
    const [value] = values
    return value !== undefined && values.length === 1 && VALUE.test(value) ? value : null
  }
}
