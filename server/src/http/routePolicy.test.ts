import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exampleOf, fillIds, idFieldsOf } from '#server/test/exampleBodies.ts'
import { canaryOf, kindOfField, kindOfPath, make, missingId, rowsOf, type Kind } from '#server/test/tenantThings.ts'
import { startWholeApp, visible, type Person, type Route, type WholeApp } from '#server/test/wholeApp.ts'

const KINDS: Kind[] = [
  'channel',
  'campaign',
  'message',
  'import',
  'apiKey',
  'session',
  'suppression',
  'contact',
  'medium',
  'template',
  'group',
  'tag',
  'draft',
]

type Things = Record<Kind, string>

let whole: WholeApp
/** Whose things the others try to reach. */
let ana: Person
let anas: Things
let before: string
let callers: { bia: Person; admin: Person; nobody: null }
let bias: Things

beforeAll(async () => {
  whole = await startWholeApp()
  ana = await whole.signIn('user')
  callers = { bia: await whole.signIn('user'), admin: await whole.signIn('admin'), nobody: null }
  anas = await makeAll(ana)
  bias = await makeAll(callers.bia)
  before = await rowsOf(whole, ana.id)
}, 120_000)
afterAll(() => whole.close())

async function makeAll(person: Person): Promise<Things> {
  const channel = await make(whole, person, 'channel')
  const things: Partial<Things> = { channel }
  for (const kind of KINDS.slice(1)) things[kind] = await make(whole, person, kind, channel)
  return things as Things
}

const label = ({ method, url }: Route) => `${method} ${url}`
/** Webhooks prove their caller by a secret in the path, and administrators name anybody's account: neither is a tenant. */
const isForeign = ({ access, url }: Route) => access === 'user' && url.includes('/:')

/** Other fields of the body are the caller's own. */
function ask(who: Person | null, route: Route, ids: { path?: string; fields?: (name: string) => string }) {
  const url = route.url.replace(/:(id|channelId)\b/, ids.path ?? '').replace(/:\w+/g, 'x')
  const idOf = ids.fields ?? ((name: string) => bias[kindOfField(name) ?? 'channel'])
  const payload = route.body === null ? undefined : fillIds(exampleOf(route.body, { ids: true }), idOf)
  return whole.call(who, route.method, url, payload === undefined ? {} : { payload })
}

const fieldsOf = (route: Route) => (route.body === null ? [] : idFieldsOf(exampleOf(route.body, { ids: true })))

test('every id that a route takes is known: a new one is told in test/tenantThings.ts', () => {
  const strangers = whole.routes.filter((route) => isForeign(route) && kindOfPath(route.url) === undefined)
  expect(strangers.map(label)).toEqual([])
  const fields = whole.routes.flatMap((route) =>
    fieldsOf(route)
      .filter((name) => kindOfField(name) === undefined)
      .map((name) => `${label(route)}: ${name}`),
  )
  expect(fields).toEqual([])
  expect(whole.routes.filter(isForeign).length).toBeGreaterThan(20)
})

describe("somebody else's id", () => {
  test.each(['bia', 'admin', 'nobody'] as const)(
    'in a path is to %s what a missing one is, byte for byte',
    async (name) => {
      for (const route of whole.routes.filter(isForeign)) {
        const foreign = anas[kindOfPath(route.url) ?? 'channel']
        const missing = missingId(kindOfPath(route.url) ?? 'channel')
        const toForeign = await ask(callers[name], route, { path: foreign })
        const toMissing = await ask(callers[name], route, { path: missing })
        const expected = name === 'nobody' ? 401 : 404
        expect([label(route), toForeign.statusCode]).toEqual([label(route), expected])
        expect(visible(toForeign, foreign)).toBe(visible(toMissing, missing))
        expect(visible(toForeign)).not.toContain('canary')
      }
    },
    60_000,
  )

  test.each(['bia', 'admin'] as const)('in a body is to %s what a missing one is', async (name) => {
    for (const route of whole.routes) {
      for (const field of fieldsOf(route)) {
        const foreign = anas[kindOfField(field) ?? 'channel']
        const missing = randomUUID()
        const path = bias[kindOfPath(route.url) ?? 'channel']
        const with_ = (id: string) => ({
          path,
          fields: (other: string) => (other === field ? id : bias[kindOfField(other) ?? 'channel']),
        })
        const toForeign = await ask(callers[name], route, with_(foreign))
        const toMissing = await ask(callers[name], route, with_(missing))
        expect([label(route), field, toForeign.statusCode]).toEqual([label(route), field, expect.toBeOneOf([404, 422])])
        expect(visible(toForeign, foreign)).toBe(visible(toMissing, missing))
        expect(visible(toForeign)).not.toContain(canaryOf(ana))
      }
    }
  })

  test('is one that its owner reaches: the requests above could have been carried out', async () => {
    const cora = await whole.signIn('user')
    const things = await makeAll(cora)
    const { channel } = things
    const fields = (name: string) => things[kindOfField(name) ?? 'channel']
    for (const route of whole.routes.filter(isForeign)) {
      const kind = kindOfPath(route.url) ?? 'channel'
      const id = await make(whole, cora, kind, channel)
      // A stream goes on for as long as what it tells of.
      if (route.streams) await whole.call(cora, 'POST', `/api/user/bulk-campaigns/${id}/cancel`)
      const answer = await ask(cora, route, { path: id, fields })
      expect([label(route), answer.statusCode]).not.toEqual([label(route), 404])
      expect([label(route), answer.statusCode]).not.toEqual([label(route), 400])
    }
    for (const route of whole.routes.filter((each) => fieldsOf(each).length > 0)) {
      const answer = await ask(cora, route, {
        path: await make(whole, cora, kindOfPath(route.url) ?? 'channel'),
        fields,
      })
      expect([label(route), answer.statusCode, answer.body]).toEqual([
        label(route),
        expect.toBeOneOf([200, 201]),
        expect.anything(),
      ])
    }
  }, 120_000)
})

test('no list shows a row of somebody else', async () => {
  for (const route of whole.routes.filter(({ method, params }) => method === 'GET' && params.length === 0)) {
    for (const who of [callers.bia, callers.admin, null]) {
      // Administrators see everybody's audit and accounts there.
      if (who?.role === 'admin' && route.access === 'admin') continue
      const answer = await whole.call(who, 'GET', route.url)
      expect([label(route), answer.statusCode]).toEqual([label(route), expect.toBeOneOf([200, 401, 403, 404])])
      expect(answer.body.includes(canaryOf(ana))).toBe(false)
    }
  }
})

test('what is for administrators is refused to users before anything of it is looked at', async () => {
  for (const route of whole.routes.filter(({ access }) => access === 'admin')) {
    const answers = [ana.id, randomUUID()].map(async (path) => ask(callers.bia, route, { path }))
    for (const answer of await Promise.all(answers))
      expect([label(route), answer.statusCode]).toEqual([label(route), 403])
  }
})

test('every route but the open ones wants a sign-in', async () => {
  for (const route of whole.routes.filter(({ access }) => access === 'user' || access === 'admin')) {
    expect([label(route), (await ask(null, route, { path: anas.campaign })).statusCode]).toEqual([label(route), 401])
  }
  expect(
    whole.routes
      .filter(({ access, method }) => access === 'public' && method !== 'GET')
      .map(label)
      .toSorted(),
  ).toEqual(['POST /api/auth/sign-in', 'POST /api/auth/sign-out', 'POST /api/setup'])
})

test('nothing of the owner has changed after all of this', async () => {
  expect(await rowsOf(whole, ana.id)).toBe(before)
})
