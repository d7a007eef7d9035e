import type { Operation } from '../fuzz/ApiDocument.ts'
import { placesOf, putAt } from '../fuzz/damage.ts'
import { FUZZ_SETTINGS, FuzzWorld } from '../fuzz/FuzzWorld.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const ODD = ['NaN', 'Infinity', '-Infinity', '-1', '1e400', '0.1', '"5"', 'null', 'true', '[5]', '9007199254740992']
const ODD_PAGES = [
  '1000000000',
  '-1',
  '0',
  '0.1',
  '1e3',
  'NaN',
  'Infinity',
  'null',
  '[5]',
  '9007199254740992',
  '%205',
  '٥',
]
const BAD_CURSORS = ['x', '-1', '0', 'AAAA', 'bnVsbA', `${'A'.repeat(190)}`, '%00', '1000000000000', "'", '../..']
const UNKNOWN = ['offset=1000000000000', 'sort=phone', 'order=desc', 'page=1', 'limit=5&limit=6', 'limit[]=5']
const LIMIT_MS = 1000

/**
 * Odd values in place of every number that the API takes, and odd pages of every list: each is refused for what it is,
 * unless the document allows it, and within a second.
 */
export async function oddNumbers(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite(FUZZ_SETTINGS)
  await site.start()
  const world = await FuzzWorld.make(lab, site)
  const { operations } = world.document
  const bodies = await inTurn(operations, (operation) => tryNumbers(world, operation))
  const pages = await inTurn(operations, (operation) => tryPages(lab, world, operation))
  check(bodies.length > 0 && pages.length > 0, 'There is nothing to try.')
  return { 'odd numbers refused': bodies.length, 'odd pages refused': pages.length, 'slowest page, ms': most(pages) }
}

async function inTurn<T>(operations: Operation[], work: (operation: Operation) => Promise<T[]>): Promise<T[]> {
  const results: T[] = []
  for (const operation of operations) results.push(...(await work(operation)))
  return results
}

async function tryNumbers(world: FuzzWorld, operation: Operation): Promise<string[]> {
  if (operation.body?.contentType !== 'application/json') return []
  const isAsSaid = world.document.checker(operation.body.schema)
  const seen = new Set<string>()
  for (let tries = 0; tries < 15; tries++) {
    const request = world.request(operation, 'session')
    const body: unknown = JSON.parse(request.body ?? '{}')
    for (const place of placesOf(body)) {
      const value = place.reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], body)
      const name = place.filter((part) => typeof part === 'string').join('.')
      if (typeof value !== 'number' || seen.has(`${name}-1`)) continue
      for (const odd of ODD) {
        const text = putAt(body, place, odd)
        if (isAllowed(isAsSaid, text)) continue
        seen.add(name + odd)
        const { status } = await world.send({ ...request, body: text })
        check(status === 400, `${operation.method} ${operation.path} with ${name} = ${odd} was answered ${status}.`)
      }
    }
  }
  return [...seen]
}

/** What the document allows is no mistake: half a second of delay, or null for "no cap". */
function isAllowed(isAsSaid: (value: unknown) => string | null, text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return !text.includes('1e400') && isAsSaid(value) === null
  } catch {
    return false
  }
}

async function tryPages(lab: Lab, world: FuzzWorld, operation: Operation): Promise<number[]> {
  const has = (name: string) =>
    operation.parameters.some((parameter) => parameter.in === 'query' && parameter.name === name)
  if (operation.method !== 'GET' || !has('limit')) return []
  const queries = [
    ...ODD_PAGES.map((limit) => `limit=${encodeURIComponent(limit)}`),
    ...(has('cursor') ? BAD_CURSORS.map((cursor) => `cursor=${cursor}`) : []),
    ...UNKNOWN,
  ]
  const path = world.pathOf(operation).split('?', 1)[0] ?? ''
  const times: number[] = []
  for (const query of queries) {
    const request = { method: 'GET', path: `${path}?${query}`, headers: world.headersOf('session'), body: null }
    const { status, ms } = await world.send(request)
    // Some lists go on after a number, and after any number there is a page, if an empty one.
    const isNumber = /^cursor=-?\d+$/.test(query)
    check([400, 404].includes(status) || (isNumber && status === 200), `GET ${path}?${query} was answered ${status}.`)
    check(ms < lab.limit(LIMIT_MS), `GET ${path}?${query} took ${Math.round(ms)} ms.`)
    times.push(ms)
  }
  return times
}
