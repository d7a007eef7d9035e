import { ERRORS, type ErrorBody } from '#contract/errors.ts'
import type { Operation } from './ApiDocument.ts'
import type { FuzzAnswer, FuzzRequest } from './FuzzClient.ts'

/** What only the inside of the product knows: stacks, statements, paths, the words of the database. */
const INSIDES =
  /node_modules|\bat [\w.<> ]+ \(|\.ts:\d+|\/(?:home|work|tmp|usr)\/|\b(?:select|insert into|update|delete from) .{0,80}\b(?:from|where|values|set)\b|syntax error at|violates .{0,40}constraint|relation "|column "|\bpg_|kysely|better-auth|undici|ECONN/i

/**
 * Says what is wrong with an answer: a failure of ours, a status or a body that the document does not know, a content
 * type that is not said or not true, something from the inside. Null when it is as it should be.
 */
export function faultOf(operation: Operation | null, request: FuzzRequest, answer: FuzzAnswer): string | null {
  const { status, text } = answer
  if (status >= 500) return `${status} ${text.slice(0, 300)}`
  if (request.method === 'HEAD') return null
  if (status >= 400) return faultOfRefusal(request, answer)
  const said = operation?.answers.get(String(status))
  if (said === undefined) return `${status} is not in the document`
  if (said.contentType === null) return text === '' ? null : 'an answer without a body has one'
  if (!isOfType(answer.contentType, said.contentType)) return `content type ${answer.contentType}`
  if (said.isAsSaid === null) return null
  return said.isAsSaid(JSON.parse(text))
}

function isOfType(actual: string | null, said: string): boolean {
  // Server-sent events are UTF-8 by definition and take no charset.
  if (said === 'text/event-stream') return actual?.startsWith(said) === true
  return actual === `${said}; charset=utf-8`
}

function faultOfRefusal(request: FuzzRequest, { status, contentType, text }: FuzzAnswer): string | null {
  if (contentType !== 'application/json; charset=utf-8') return `a refusal of content type ${contentType}`
  const { error, ...more } = JSON.parse(text) as ErrorBody
  if (Object.keys(more).length > 0 || typeof error?.message !== 'string') return `a refusal of another shape: ${text}`
  if (ERRORS[error.code]?.status !== status) return `the code ${error.code} with status ${status}`
  const inside = INSIDES.exec(text)?.[0]
  // What the caller wrote himself may be repeated to him.
  const isEcho = inside !== undefined && decodeURI_(request.path + (request.body ?? '')).includes(inside)
  return inside === undefined || isEcho ? null : `a refusal tells of the inside: ${inside}`
}

function decodeURI_(text: string): string {
  try {
    return text + decodeURIComponent(text)
  } catch {
    return text
  }
}
