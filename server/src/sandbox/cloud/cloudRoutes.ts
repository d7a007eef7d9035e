import { randomInt, timingSafeEqual } from 'node:crypto'
import { request } from 'undici'
import { answerNotFound, decodePayload, type Payload } from '../goAnswers.ts'
import type { Exchange, Handler, Routes } from '../router.ts'
import type { CloudNumber, CloudNumbers } from './CloudNumbers.ts'
import { storeMedium } from './cloudMediaRoutes.ts'
import { receiveCloudSend, type CloudSendDeps } from './cloudSendRoutes.ts'
import { answerFault, answerGraph } from './graphAnswers.ts'

type Deps = CloudSendDeps & { numbers: CloudNumbers }
type NumberHandler = (exchange: Exchange, number: CloudNumber) => void | Promise<void>

/** Meta's Graph API, as far as a sender meets it, under any version. Errors are Graph's. */
export function cloudRoutes(deps: Deps): Routes {
  const { numbers } = deps
  const send: NumberHandler = ({ body, response }, number) => receiveCloudSend(deps, number, body, response)
  return {
    open: {
      'POST /*/*/messages': ofNumber(numbers, send),
      'POST /*/*/media': ofNumber(numbers, takeUpload),
      'GET /*/*/message_templates': ofAccount(numbers, listTemplates),
      'POST /*/*/subscribed_apps': ofAccount(numbers, (exchange, number) => subscribe(numbers, exchange, number)),
      'GET /*/*': ofNumber(numbers, describeObject),
      'POST /*/*': ofNumber(numbers, (exchange, number) => configure(numbers, exchange, number)),
    },
  }
}

/** The number in the path, or for `GET` one that has the medium in the path. */
function ofNumber(numbers: CloudNumbers, handle: NumberHandler): Handler {
  return withToken(numbers, handle, (id, token) => {
    return numbers.find(id) ?? numbers.list().find((number) => number.token === token && number.media.has(id)) ?? null
  })
}

function ofAccount(numbers: CloudNumbers, handle: NumberHandler): Handler {
  return withToken(numbers, handle, (id) => numbers.findByAccount(id))
}

/** First the token, then whether it may see the object: one that it may not see does not exist. */
function withToken(
  numbers: CloudNumbers,
  handle: NumberHandler,
  find: (id: string, token: string) => CloudNumber | null,
): Handler {
  return (exchange) => {
    const [version = '', id = ''] = exchange.params
    const { request: incoming, response } = exchange
    if (!/^v\d+\.\d+$/.test(version)) return answerNotFound(response)
    const token = /^Bearer (.+)$/.exec(incoming.headers.authorization ?? '')?.[1]
    if (token === undefined) return answerFault(response, { code: 104 }, null)
    if (!numbers.knowsToken(token)) return answerFault(response, { code: 190 }, null)
    const number = find(id, token)
    if (number === null || !isSameText(number.token, token))
      return answerFault(response, { code: 100, subcode: 33 }, null)
    return handle(exchange, number)
  }
}

function isSameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

async function takeUpload({ body, request: incoming, response }: Exchange, number: CloudNumber): Promise<void> {
  const stored = await storeMedium(number, body, incoming.headers['content-type'] ?? '')
  if ('code' in stored) answerFault(response, stored, number)
  else answerGraph(response, 200, { id: stored.id }, number)
}

/** `GET /{id}?fields=…` of a number or a medium. One field that is not known fails the whole question, as with Meta. */
function describeObject({ params, query, response }: Exchange, number: CloudNumber): void {
  const id = params[1] ?? ''
  const medium = number.media.get(id)
  if (medium !== undefined) {
    const { mimeType, sha256, size } = medium
    const url = `https://lookaside.example.test/${id}?ext=${Math.floor(Date.now() / 1000) + 300}`
    return answerGraph(
      response,
      200,
      { messaging_product: 'whatsapp', url, mime_type: mimeType, sha256, file_size: size, id },
      number,
    )
  }
  const known = fieldsOf(number)
  const fields = (
    new URLSearchParams(query).get('fields') ?? 'id,display_phone_number,verified_name,quality_rating'
  ).split(',')
  const unknown = fields.find((name) => !Object.hasOwn(known, name))
  if (unknown !== undefined)
    return answerFault(response, { code: 100, details: `Tried accessing nonexisting field (${unknown})` }, number)
  answerGraph(response, 200, { ...Object.fromEntries(fields.map((name) => [name, known[name]])), id }, number)
}

function fieldsOf({
  id,
  canSend,
  displayPhoneNumber,
  quality,
  settings,
  status,
}: CloudNumber): Record<string, unknown> {
  return {
    id,
    display_phone_number: displayPhoneNumber,
    verified_name: 'Casa Verde',
    status,
    quality_rating: quality,
    name_status: 'APPROVED',
    code_verification_status: 'VERIFIED',
    platform_type: 'CLOUD_API',
    account_mode: 'LIVE',
    throughput: { level: settings.messagesPerSecond > 80 ? 'HIGH' : 'STANDARD' },
    whatsapp_business_manager_messaging_limit: 'TIER_2K',
    health_status: {
      can_send_message: canSend,
      entities: [{ entity_type: 'PHONE_NUMBER', id, can_send_message: canSend }],
    },
  }
}

/** By pages of `limit`; `after` is the cursor of the page before. */
function listTemplates({ query, response }: Exchange, number: CloudNumber): void {
  const asked = new URLSearchParams(query)
  const limit = Math.min(Math.max(Number(asked.get('limit') ?? 25) || 25, 1), 1000)
  const after = asked.get('after')
  const from = after === null ? 0 : Number(Buffer.from(after, 'base64url').toString())
  if (!Number.isInteger(from) || from < 0) return answerFault(response, { code: 131059 }, number)
  const status = asked.get('status')?.toUpperCase()
  const all = number.templates.filter((template) => status === undefined || template.status === status)
  const data = all.slice(from, from + limit).map((template, index) => ({
    id: String(1_387_000_000_000_000 + from + index),
    name: template.name,
    language: template.language,
    status: template.status,
    category: template.category,
    parameter_format: template.parameterFormat,
    quality_score: { score: 'GREEN' },
    components: [
      ...(template.headerFormat === undefined ? [] : [{ type: 'HEADER', format: template.headerFormat }]),
      { type: 'BODY', text: template.body },
    ],
  }))
  const next = from + limit
  const cursors = {
    before: Buffer.from(String(from)).toString('base64url'),
    after: Buffer.from(String(next)).toString('base64url'),
  }
  answerGraph(
    response,
    200,
    { data, paging: { cursors, ...(next < all.length ? { next: 'https://graph.example.test/next' } : {}) } },
    number,
  )
}

function subscribe(numbers: CloudNumbers, { response }: Exchange, { wabaId }: CloudNumber): void {
  for (const number of numbers.list()) if (number.wabaId === wabaId) number.subscribed = true
  numbers.save()
  answerGraph(response, 200, { success: true }, null)
}

/** `POST /{phone-number-id}` with an address for its webhooks, which has to answer the challenge first. */
async function configure(numbers: CloudNumbers, { body, response }: Exchange, number: CloudNumber): Promise<void> {
  const wanted = decodePayload(body)?.['webhook_configuration'] as Payload | undefined
  const url = wanted?.['override_callback_uri']
  const verifyToken = wanted?.['verify_token']
  if (typeof url !== 'string' || !URL.canParse(url) || typeof verifyToken !== 'string') {
    return answerFault(response, { code: 100, details: 'webhook_configuration' }, number)
  }
  if (!(await passesHandshake(url, verifyToken))) {
    return answerFault(response, { code: 100, subcode: 2_200, details: 'Callback verification failed.' }, number)
  }
  number.webhookUrl = url
  numbers.save()
  answerGraph(response, 200, { success: true }, number)
}

async function passesHandshake(url: string, verifyToken: string): Promise<boolean> {
  const challenge = String(randomInt(1_000_000_000, 2_000_000_000))
  const asked = new URL(url)
  asked.searchParams.set('hub.mode', 'subscribe')
  asked.searchParams.set('hub.challenge', challenge)
  asked.searchParams.set('hub.verify_token', verifyToken)
  try {
    const answer = await request(asked, { headersTimeout: 10_000, bodyTimeout: 10_000 })
    return (await answer.body.text()) === challenge && answer.statusCode === 200
  } catch {
    return false
  }
}
