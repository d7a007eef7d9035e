import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Answers as Go's `net/http` and `encoding/json` write them: keys sorted (callers write them so), `<`, `>` and `&`
 * escaped, a newline at the end.
 */
export function answerData(response: ServerResponse, status: number, data: unknown): void {
  answerJson(response, status, { code: status, data, success: true })
}

export function answerError(response: ServerResponse, status: number, error: string, details?: string): void {
  answerJson(response, status, { code: status, ...(details === undefined ? {} : { details }), error, success: false })
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  answerText(response, status, `${goJson(value)}\n`, 'application/json')
}

/** What the static file server behind all routes says, also for a known path with the wrong method. */
export function answerNotFound(response: ServerResponse): void {
  answerText(response, 404, '404 page not found\n', 'text/plain; charset=utf-8')
}

export function answerText(response: ServerResponse, status: number, text: string, contentType: string): void {
  // The caller may have given up; what was decided for it stands all the same.
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

export function goJson(value: unknown): string {
  const json = JSON.stringify(value)
  return UNSAFE.test(json)
    ? json.replace(UNSAFE_ALL, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : json
}

const UNSAFE = /[<>&\u2028\u2029]/
const UNSAFE_ALL = /[<>&\u2028\u2029]/g

/** A decoded JSON object. Read it with the functions below: Go matches keys without regard to case. */
export type Payload = Record<string, unknown>

/** Thrown by the readers below for a wrong type, which Go's decoder refuses with the whole body. */
export class WrongType extends Error {}

/** The object in `body`, or null when it is empty, no JSON, or no object. */
export function decodePayload(body: Buffer): Payload | null {
  if (body.length === 0) return null
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Payload) : null
  } catch {
    return null
  }
}

/** The text under `key`, `""` when it is missing or null. Throws `WrongType`. */
export function readText(payload: Payload, key: string): string {
  const value = readField(payload, key)
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new WrongType(key)
  return value
}

/** The texts under `key`, null when it is missing. Throws `WrongType`. */
export function readTexts(payload: Payload, key: string): string[] | null {
  const value = readField(payload, key)
  if (value === undefined || value === null) return null
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw new WrongType(key)
  return value
}

/** The truth under `key`, false when it is missing. Throws `WrongType`. */
export function readFlag(payload: Payload, key: string): boolean {
  const value = readField(payload, key)
  if (value === undefined || value === null) return false
  if (typeof value !== 'boolean') throw new WrongType(key)
  return value
}

export function readField(payload: Payload, key: string): unknown {
  if (key in payload) return payload[key]
  const wanted = key.toLowerCase()
  for (const name of Object.keys(payload)) if (name.toLowerCase() === wanted) return payload[name]
  return undefined
}

/** Largest body that is read; the real server has no cap, a pretend one need not be a way to fill the memory. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** Calls `done` with the whole body. A larger one than 64 MiB has its connection closed, an aborted one is dropped. */
export function readBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_BODY_BYTES) request.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
  request.on('error', () => undefined)
}
