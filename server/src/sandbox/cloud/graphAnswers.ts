import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { answerText } from '../goAnswers.ts'
import type { CloudNumber } from './CloudNumbers.ts'

/** An error in Graph's words. `status` null: as in Meta's table. */
export type GraphFault = {
  code: number
  details?: string
  status?: number | undefined
  subcode?: number | undefined
  isTransient?: boolean | undefined
  retryAfter?: string | undefined
  regainMinutes?: number | undefined
}

/** Where Meta's table says something else than 400. */
const HTTP_STATUS: Record<number, number> = {
  0: 401,
  2: 503,
  3: 500,
  10: 403,
  104: 401,
  190: 401,
  200: 403,
  368: 403,
  130497: 403,
  131000: 500,
  131005: 403,
  131016: 500,
  131031: 403,
  131045: 500,
  131057: 500,
  132001: 404,
  133000: 500,
  133004: 503,
  134102: 500,
}

const TITLES: Record<number, string> = {
  0: 'AuthException',
  10: 'Application does not have permission for this action',
  33: 'Parameter value is not valid',
  100: 'Invalid parameter',
  104: 'An access token is required',
  190: 'Invalid OAuth access token',
  368: 'Temporarily blocked for policies violations',
  80007: 'Rate limit issues',
  130429: 'Rate limit hit',
  131000: 'Something went wrong',
  131008: 'Required parameter is missing',
  131009: 'Parameter value is not valid',
  131026: 'Message undeliverable',
  131047: 'Re-engagement message',
  131048: 'Spam rate limit hit',
  131049: 'Not delivered',
  131056: 'Pair rate limit hit',
  132000: 'Number of parameters does not match',
  132001: 'Template name does not exist in the translation',
  132012: 'Parameter format does not match',
  132015: 'Template is paused',
  132016: 'Template is disabled',
  133010: 'Account not registered',
}

export function titleOf(code: number): string {
  return TITLES[code] ?? 'An error of this kind'
}

/** The answer to an error; `number` null where nobody is known yet. */
export function answerFault(response: ServerResponse, fault: GraphFault, number: CloudNumber | null): void {
  const { code, details, status, subcode, isTransient, retryAfter, regainMinutes } = fault
  if (!response.headersSent && retryAfter !== undefined) response.setHeader('Retry-After', retryAfter)
  const error = {
    message: `(#${code}) ${titleOf(code)}`,
    type: 'OAuthException',
    code,
    ...(subcode === undefined ? {} : { error_subcode: subcode }),
    ...(isTransient === undefined ? {} : { is_transient: isTransient }),
    error_data: { messaging_product: 'whatsapp', details: details ?? titleOf(code) },
    fbtrace_id: `A${randomBytes(11).toString('base64url')}`,
  }
  answerGraph(response, status ?? HTTP_STATUS[code] ?? 400, { error }, number, regainMinutes)
}

export function answerGraph(
  response: ServerResponse,
  status: number,
  value: unknown,
  number: CloudNumber | null,
  regainMinutes = 0,
): void {
  if (!response.headersSent && number !== null) {
    const usage = {
      type: 'whatsapp',
      call_count: 1,
      total_cputime: 1,
      total_time: 1,
      estimated_time_to_regain_access: regainMinutes,
    }
    response.setHeader('x-business-use-case-usage', `{"${number.wabaId}":[${JSON.stringify(usage)}]}`)
  }
  answerText(response, status, JSON.stringify(value), 'application/json; charset=UTF-8')
}

/** JSON as Meta writes and signs it: everything but ASCII escaped, slashes too. */
export function metaJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]|\//g, (c) =>
    c === '/' ? '\\/' : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
