import { vi } from 'vitest'
import { ERRORS, type ErrorCode } from '#contract/errors.ts'

export type Call = { method: string; path: string; query: URLSearchParams; body: unknown; headers: Headers }
type Answer = { status?: number; body?: unknown; headers?: Record<string, string> }
type Handler = (call: Call) => Answer | Promise<Answer>

/**
 * Answers `fetch` from a table of `METHOD /path`. Unknown calls fail the test loudly. Returns the calls as they came.
 */
export function stubApi(handlers: Record<string, Handler>): Call[] {
  const calls: Call[] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const method = init.method ?? 'GET'
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
    const call = { method, path: pathname, query: searchParams, body, headers: new Headers(init.headers) }
    calls.push(call)
    const handler = handlers[`${method} ${pathname}`]
    if (handler === undefined) throw new Error(`The test has no answer for ${method} ${pathname}`)
    const { status = 200, body: answer, headers = {} } = await handler(call)
    return new Response(answer === undefined ? null : JSON.stringify(answer), { status, headers })
  })
  return calls
}

/** An answer as our server words its refusals. */
export function refusal(code: ErrorCode, headers: Record<string, string> = {}): Answer {
  return { status: ERRORS[code].status, headers, body: { error: { code, message: ERRORS[code].message } } }
}
