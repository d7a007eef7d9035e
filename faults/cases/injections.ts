import type { Operation } from '../fuzz/ApiDocument.ts'
import { placesOf, putAt } from '../fuzz/damage.ts'
import type { FuzzRequest } from '../fuzz/FuzzClient.ts'
import { FUZZ_SETTINGS, FuzzWorld } from '../fuzz/FuzzWorld.ts'
import { INJECTIONS, MARK } from '../fuzz/injections.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const AT_ONCE = 8
/** Below the five seconds that a `pg_sleep` of the corpus would take. */
const LIMIT_MS = 1000
/** Where a list could be ordered or filtered, whether or not the API knows the name. */
const QUERIES = ['limit', 'cursor', 'status', 'sort', 'order', 'filter', 'q', 'offset']

type Place = { name: string; fill: (world: FuzzWorld, text: string) => FuzzRequest }

/**
 * Two hundred texts that mean something to a database, a template or a shell, in every string, id, filter and sort of
 * every route: no failure, nobody sleeps, and no statement that the database ran holds one of them.
 */
export async function injections(lab: Lab): Promise<Numbers> {
  const postgres = await lab.postgres()
  await postgres.run(`alter system set shared_preload_libraries = 'pg_stat_statements'`)
  await postgres.restart('fast', lab.limit(30_000))
  const site = await lab.externalSite(FUZZ_SETTINGS)
  const server = await site.start()
  await site.change('create extension pg_stat_statements')
  const world = await FuzzWorld.make(lab, site)
  const places = world.document.operations.filter(isSafe).flatMap((operation) => placesIn(world, operation))
  const texts = lab.rounds(INJECTIONS.length, 6)
  const limitMs = lab.limit(LIMIT_MS)
  const times: number[] = []
  let slowest = { ms: 0, name: '' }
  for (const [n, place] of places.entries()) {
    lab.tell(`${n + 1} of ${places.length}: ${place.name}`)
    // A short run takes others at every place, so that all are tried somewhere.
    const chosen = Array.from({ length: texts }, (_, i) => INJECTIONS[(n * texts + i) % INJECTIONS.length] ?? '')
    for (let at = 0; at < chosen.length; at += AT_ONCE) {
      const requests = chosen.slice(at, at + AT_ONCE).map((text) => place.fill(world, text))
      const taken = await Promise.all(
        requests.map((request) => answerTime(world, place, request, isSlowed(place) ? Infinity : limitMs)),
      )
      times.push(...taken)
      if (!isSlowed(place) && most(taken) > slowest.ms) slowest = { ms: most(taken), name: place.name }
    }
  }
  check(!server.hasEnded, `The server ended: ${server.lastWords}`)
  check(slowest.ms < limitMs, `An answer to ${slowest.name} took ${slowest.ms} ms, twice.`)
  const statements = await site.query<{ query: string }>('select query from pg_stat_statements')
  const hits = statements.filter(({ query }) => query.includes(MARK) || query.includes('pg_sleep'))
  check(hits.length === 0, `The database ran a text as a statement: ${hits[0]?.query}`)
  return {
    places: places.length,
    'texts at each': texts,
    requests: times.length,
    'slowest answer, ms': slowest.ms,
    statements: statements.length,
    'statements with a text in them': hits.length,
  }
}

/** Signing out would end what the others need. */
function isSafe({ path }: Operation): boolean {
  return path !== '/api/auth/sign-out'
}

/** Passwords are checked slowly, and guesses more slowly still; there the statements alone tell. */
function isSlowed({ name }: Place): boolean {
  return /sign-in|setup|password|second-factor|email/i.test(name)
}

/** What sleeps does so every time; a machine that was busy is asked a second time. */
async function answerTime(world: FuzzWorld, place: Place, request: FuzzRequest, limitMs: number): Promise<number> {
  const first = await answered(world, place, request)
  return first < limitMs ? first : answered(world, place, request)
}

async function answered(world: FuzzWorld, place: Place, request: FuzzRequest): Promise<number> {
  const { status, text, ms } = await world.send(request)
  check(status < 500, `${place.name} was answered ${status} for ${request.path} ${request.body}: ${text.slice(0, 300)}`)
  return ms
}

function placesIn(world: FuzzWorld, operation: Operation): Place[] {
  const { method, path, body } = operation
  const name = `${method} ${path}`
  const inPath = path.includes('{')
    ? [{ name: `${name}, path`, fill: (_: FuzzWorld, text: string) => withPath(world, operation, text) }]
    : []
  const inQuery =
    method === 'GET' ? QUERIES.map((query) => ({ name: `${name}?${query}`, fill: filler(operation, query) })) : []
  if (body === null || body.contentType !== 'application/json') return [...inPath, ...inQuery]
  return [...inPath, ...inQuery, ...placesInBody(world, operation)]
}

/** Every string of bodies that were invented a few times, so that optional fields and all variants are among them. */
function placesInBody(world: FuzzWorld, operation: Operation): Place[] {
  const places = new Map<string, Place>()
  for (let tries = 0; tries < 12; tries++) {
    const request = world.request(operation, 'session')
    const body: unknown = JSON.parse(request.body ?? '{}')
    for (const path of placesOf(body).filter((keys) => typeof valueAt(body, keys) === 'string')) {
      const key = path.filter((part) => typeof part === 'string').join('.')
      const fill = (_: FuzzWorld, text: string) => {
        const now = { ...request, headers: { ...request.headers, ...world.headersOf('session') } }
        return { ...now, body: putAt(body, path, JSON.stringify(text)) }
      }
      places.set(key, { name: `${operation.method} ${operation.path}: ${key}`, fill })
    }
  }
  return [...places.values()]
}

function valueAt(body: unknown, path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], body)
}

function filler(operation: Operation, query: string) {
  return (world: FuzzWorld, text: string): FuzzRequest => {
    const request = world.request(operation, 'session')
    const path = world.pathOf(operation).split('?', 1)[0] ?? ''
    return { ...request, path: `${path}?${query}=${encodeURIComponent(text.toWellFormed())}` }
  }
}

function withPath(world: FuzzWorld, operation: Operation, text: string): FuzzRequest {
  const request = world.request(operation, 'session')
  const encoded = encodeURIComponent(text.toWellFormed())
  const path = operation.path.replaceAll(/\{\w+\}/g, encoded)
  return { ...request, path }
}
