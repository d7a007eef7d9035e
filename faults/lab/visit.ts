import { check } from './check.ts'

/** An answer, whatever it was. Names of headers in small letters. */
export type Reply = {
  status: number
  text: string
  headers: Headers
  /** `name=value` of each cookie that was set. */
  cookies: string[]
  ms: number
}

export type Visit = {
  method?: string
  /** An object goes as JSON; text and bytes as they are, with the content type that `headers` names. */
  body?: object | string | FormData
  headers?: Record<string, string>
  cookie?: string
}

/** One request of anybody, to any process, with exactly the headers that are named. */
export async function visit(url: string, { method = 'GET', body, headers = {}, cookie }: Visit = {}): Promise<Reply> {
  const isJson = typeof body === 'object' && !(body instanceof FormData)
  const all = {
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...(cookie === undefined ? {} : { cookie }),
    ...headers,
  }
  const sent = isJson ? JSON.stringify(body) : body
  const startedAt = performance.now()
  const response = await fetch(url, {
    method,
    headers: all,
    redirect: 'manual',
    signal: AbortSignal.timeout(60_000),
    ...(sent === undefined ? {} : { body: sent }),
  })
  const text = await response.text()
  const ms = performance.now() - startedAt
  const cookies = response.headers.getSetCookie().map((set) => set.split(';', 1)[0] ?? '')
  return { status: response.status, text, headers: response.headers, cookies, ms }
}

/** The code of a refusal; empty for any other answer. */
export function codeOf({ text }: Reply): string {
  return (JSON.parse(text === '' ? '{}' : text) as { error?: { code: string } }).error?.code ?? ''
}

/** Throws unless the answer has this status. */
export function expectStatus(what: string, reply: Reply, ...wanted: number[]): Reply {
  check(wanted.includes(reply.status), `${what} was answered ${reply.status}: ${reply.text.slice(0, 300)}`)
  return reply
}
