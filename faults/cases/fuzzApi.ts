import type { Operation } from '../fuzz/ApiDocument.ts'
import { damageBody } from '../fuzz/damage.ts'
import type { FuzzAnswer, FuzzRequest } from '../fuzz/FuzzClient.ts'
import { FUZZ_SETTINGS, FuzzWorld, type Caller } from '../fuzz/FuzzWorld.ts'
import { INJECTIONS } from '../fuzz/injections.ts'
import { faultOf } from '../fuzz/judgeAnswer.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const AT_ONCE = 8
const CALLERS: Caller[] = ['session', 'session', 'key', 'none']
/** Methods that most paths do not have. */
const METHODS = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE', 'HEAD', 'OPTIONS']
const ODD_PATHS = ['%', '%zz', '%00', '..', '%2e%2e', '%ff%fe', 'x'.repeat(3000), '', '0', '%F0%9F%A5%96']
const CONTENT_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'x']

/**
 * Ten thousand requests made from the document of the API, right and broken, of somebody signed in, with a key and with
 * nothing: no answer is a failure of ours, every one is as the document says, none tells of the inside.
 */
export async function fuzzApi(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite(FUZZ_SETTINGS)
  const server = await site.start()
  const world = await FuzzWorld.make(lab, site)
  const total = lab.rounds(10_000, 320)
  const statuses = new Map<number, number>()
  const faults = new Map<string, string>()
  for (let done = 0; done < total; done += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, () => invent(world))
    const sent = await Promise.all(batch.map(async (plan) => ({ plan, answer: await world.send(plan.request) })))
    for (const { plan, answer } of sent) {
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      const fault = faultOf(plan.operation, plan.request, answer)
      if (fault !== null)
        faults.set(`${plan.request.method} ${plan.operation?.path}: ${fault}`, told(plan.request, answer))
    }
    // Some of them end the session or revoke the key.
    if (sent.some(({ plan, answer }) => plan.caller !== 'none' && answer.status === 401)) await world.signIn()
  }
  check(!server.hasEnded, `The server ended: ${server.lastWords}`)
  check(
    faults.size === 0,
    `${faults.size} answers are wrong:\n${[...faults].map((pair) => pair.join('\n  ')).join('\n')}`,
  )
  const counted = [...statuses].toSorted(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`)
  const good = [...statuses].filter(([status]) => status < 300).reduce((sum, [, times]) => sum + times, 0)
  check(good > total / 20, `Only ${good} of ${total} requests were carried out: the rest proves little.`)
  return { requests: total, operations: world.document.operations.length, answers: counted.join(', ') }
}

type Plan = { caller: Caller; operation: Operation | null; request: FuzzRequest }

function invent(world: FuzzWorld): Plan {
  const { inventor } = world
  const operation = inventor.pick(world.document.operations)
  const caller = inventor.pick(CALLERS)
  return { caller, ...vary(world, operation, world.request(operation, caller)) }
}

/** The request as it should be, or with one thing wrong. Null in place of an operation that is not meant any more. */
function vary(world: FuzzWorld, operation: Operation, request: FuzzRequest): Omit<Plan, 'caller'> {
  const { inventor } = world
  const kind = inventor.pick(['right', 'right', 'right', 'body', 'body', 'body', 'path', 'query', 'method', 'header'])
  switch (kind) {
    case 'body':
      if (request.body === null) return { operation, request: { ...request, body: '{}', headers: asJson(request) } }
      return { operation, request: { ...request, body: brokenBody(world, operation, request.body) } }
    case 'path':
      return { operation: null, request: { ...request, path: brokenPath(world, operation) } }
    case 'query': {
      const name = inventor.pick(['limit', 'cursor', 'sort', 'order', 'offset', 'status', '__proto__', 'limit[]', 'id'])
      const mark = request.path.includes('?') ? '&' : '?'
      const value = encodeURIComponent(inventor.pick(INJECTIONS).toWellFormed())
      return { operation, request: { ...request, path: `${request.path}${mark}${name}=${value}` } }
    }
    case 'method': {
      const method = inventor.pick(METHODS)
      const other = world.document.operations.find((one) => one.path === operation.path && one.method === method)
      return { operation: other ?? null, request: { ...request, method } }
    }
    case 'header':
      return { operation, request: { ...request, headers: oddHeaders(world, request) } }
    default:
      return { operation, request }
  }
}

function asJson(request: FuzzRequest): Record<string, string> {
  return { ...request.headers, 'content-type': 'application/json' }
}

function brokenBody(world: FuzzWorld, operation: Operation, body: string): string {
  if (operation.body?.contentType === 'application/json') return damageBody(JSON.parse(body), world.inventor)
  const at = Math.floor(body.length * world.inventor.pick([0.1, 0.3, 0.6, 0.9]))
  return body.slice(0, at) + world.inventor.pick(INJECTIONS) + body.slice(at)
}

function brokenPath(world: FuzzWorld, operation: Operation): string {
  const odd = world.inventor.pick([...ODD_PATHS, encodeURIComponent(world.inventor.pick(INJECTIONS).toWellFormed())])
  if (!operation.path.includes('{')) return `${operation.path}/${odd}`
  return world.pathOf(operation, { id: odd })
}

function oddHeaders(world: FuzzWorld, request: FuzzRequest): Record<string, string> {
  const { inventor } = world
  const text = inventor.pick(INJECTIONS).replace(/[^\x20-\x7e]/g, '')
  const [name, value] = inventor.pick([
    ['content-type', inventor.pick(CONTENT_TYPES)],
    ['authorization', `Bearer ${text}`],
    ['cookie', `session=${text}`],
    ['idempotency-key', text],
    ['token', text],
    ['accept', text],
    ['x-forwarded-for', text],
    ['accept-encoding', text],
    ['content-encoding', 'gzip'],
    ['range', 'bytes=0-999999999999'],
  ] as const)
  return { ...request.headers, [name]: value }
}

function told({ method, path, body }: FuzzRequest, { status, text }: FuzzAnswer): string {
  return `${method} ${path.slice(0, 200)} ${body?.slice(0, 500) ?? ''} → ${status} ${text.slice(0, 300)}`
}
