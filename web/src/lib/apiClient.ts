import type { ErrorCode } from '#contract/errors.ts'
import { ApiError } from './ApiError.ts'
import { ERROR_NATURES } from './errorHandler.ts'

type Query = Record<string, string | number | undefined>
type Options = { body?: unknown; query?: Query; signal?: AbortSignal; idempotencyKey?: string }

/**
 * One call to our API: JSON both ways, the session travels in its cookie, nothing is kept or logged here.
 * Answers are taken as the contract types them, for the server has checked them already.
 * Throws `ApiError`; an aborted call throws what `fetch` throws.
 */
async function request<T>(
  method: string,
  path: string,
  { body, query, signal, idempotencyKey }: Options = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
  const response = await send(withQuery(path, query), {
    method,
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  return readAnswer<T>(response.status, response.headers.get('retry-after'), await response.text())
}

export const apiClient = {
  get: <T>(path: string, options?: Options) => request<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options?: Options) => request<T>('POST', path, { ...options, body }),
  patch: <T>(path: string, body: unknown) => request<T>('PATCH', path, { body }),
  put: <T>(path: string, body: unknown) => request<T>('PUT', path, { body }),
  delete: <T>(path: string) => request<T>('DELETE', path),
  upload,
}

/**
 * Sends a form with files. XMLHttpRequest, because `fetch` cannot tell how much has left.
 * `onProgress` gets the share sent, 0 to 1. Throws `ApiError`.
 */
function upload<T>(path: string, form: FormData, onProgress: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest()
    call.open('POST', path)
    call.setRequestHeader('accept', 'application/json')
    call.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    })
    call.addEventListener('load', () => {
      try {
        resolve(readAnswer<T>(call.status, call.getResponseHeader('retry-after'), call.responseText))
      } catch (error) {
        reject(error)
      }
    })
    call.addEventListener('error', () => reject(new ApiError('NETWORK')))
    call.addEventListener('abort', () => reject(new ApiError('NETWORK')))
    call.send(form)
  })
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new ApiError('NETWORK', { cause })
  }
}

function readAnswer<T>(status: number, retryAfter: string | null, text: string): T {
  const answer = parse(status, text)
  if (status >= 200 && status < 300) return answer as T
  const error = errorOf(answer)
  if (error === null) throw new ApiError('UNREADABLE_ANSWER', { status })
  throw new ApiError(error.code, { status, details: error.details, retryAfterS: readSeconds(retryAfter) })
}

function parse(status: number, text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ApiError('UNREADABLE_ANSWER', { status, cause })
  }
}

function errorOf(answer: unknown): { code: ErrorCode; details: unknown } | null {
  const error = isRecord(answer) ? answer['error'] : null
  if (!isRecord(error)) return null
  const code = error['code']
  return typeof code === 'string' && isErrorCode(code) ? { code, details: error['details'] } : null
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_NATURES, code)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function readSeconds(header: string | null): number | null {
  const seconds = Number(header ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null
}

function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? path : `${path}?${search}`
}
