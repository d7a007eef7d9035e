import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closedObjects, fillIds, fullExamplesOf } from '#server/test/exampleBodies.ts'
import { kindOfPath, missingId } from '#server/test/tenantThings.ts'
import { startWholeApp, type Person, type Route, type WholeApp } from '#server/test/wholeApp.ts'

/** What belongs to the server: said by no caller. */
const OURS: Record<string, unknown> = {
  id: randomUUID(),
  userId: randomUUID(),
  user_id: randomUUID(),
  ownerId: randomUUID(),
  tenantId: randomUUID(),
  role: 'admin',
  isAdmin: true,
  status: 'completed',
  pauseReason: null,
  sentCount: 1_000_000,
  stats: { sent: 1 },
  attempts: 0,
  preparing: false,
  createdAt: '2020-01-01T00:00:00.000Z',
  updatedAt: '2020-01-01T00:00:00.000Z',
  deletedAt: null,
  messageTag: 1,
}

let whole: WholeApp
let user: Person
let admin: Person

beforeAll(async () => {
  whole = await startWholeApp()
  user = await whole.signIn('user')
  admin = await whole.signIn('admin')
})
afterAll(() => whole.close())

const label = ({ method, url }: Route) => `${method} ${url}`

type Place = (string | number)[]

/** Fields of these names that a caller does say: an administrator decides about roles. */
const SAID: Record<string, string[]> = {
  'POST /api/admin/users': ['role'],
  'PATCH /api/admin/users/:id': ['role'],
}

function isOfContract(route: Route, place: Place, name: string): boolean {
  return place.length === 0 && SAID[label(route)]?.includes(name) === true
}

/** A copy with these fields more in the object at `place`. */
function withFields(example: unknown, place: Place, names: string[]): unknown {
  const copy = structuredClone(example)
  const target = place.reduce<Record<string, unknown>>(
    (part, step) => part[step] as Record<string, unknown>,
    copy as Record<string, unknown>,
  )
  for (const name of names) {
    // One that the contract knows there would not be refused: none of them may be.
    expect([place, name, Object.hasOwn(target, name)]).toEqual([place, name, false])
    target[name] = OURS[name]
  }
  return copy
}

/** Every object of every body once, with a body around it that the route takes. */
function placesOf(route: Route): { example: unknown; place: Place }[] {
  const { body } = route
  if (body === null) return []
  const seen = new Set<string>()
  return fullExamplesOf(body)
    .map((example) => fillIds(example, () => randomUUID()))
    .flatMap((example) => closedObjects(example, body).map((place) => ({ example, place })))
    .filter(({ example, place }) => {
      const shape = JSON.stringify([place, place.reduce((part, step) => (part as never)[step], example)])
      return !seen.has(shape) && seen.add(shape)
    })
}

test('a field that belongs to the server is refused in every object of every body', async () => {
  let asked = 0
  for (const route of whole.routes.filter(({ body }) => body !== null)) {
    const places = placesOf(route)
    expect([label(route), places.length > 0]).toEqual([label(route), true])
    const url = route.url.replace(/:\w+/g, missingId(kindOfPath(route.url) ?? 'channel'))
    const who = route.access === 'public' ? null : route.access === 'admin' ? admin : user
    for (const { example, place } of places) {
      expect([label(route), route.takes(example), example]).toEqual([label(route), true, example])
      const names = Object.keys(OURS).filter((name) => !isOfContract(route, place, name))
      // One by one in the body itself; together further in.
      for (const more of place.length === 0 ? names.map((name) => [name]) : [names]) {
        const payload = withFields(example, place, more)
        const answer = await whole.call(who, route.method, url, { payload })
        expect([label(route), more, answer.statusCode]).toEqual([label(route), more, 400])
        for (const name of more) {
          const told = `"field":"${[...place, name].join('.')}","message":"is not a known field"`
          expect([label(route), answer.body]).toEqual([label(route), expect.stringContaining(told)])
        }
        asked += more.length
      }
    }
  }
  expect(asked).toBeGreaterThan(300)
}, 180_000)

test('so it is in every query string that a route reads', async () => {
  for (const route of whole.routes.filter(({ readsQuery }) => readsQuery)) {
    const url = route.url.replace(/:\w+/g, missingId(kindOfPath(route.url) ?? 'channel'))
    for (const query of ['role=admin', 'userId=x', 'tenantId=x', '__proto__=x', 'limit=1&limit=2']) {
      const answer = await whole.call(admin, route.method, `${url}?${query}`)
      expect([label(route), query, answer.statusCode]).toEqual([label(route), query, 400])
    }
  }
})

test('and in an upload', async () => {
  const boundary = 'edge'
  const payload = `--${boundary}\r\ncontent-disposition: form-data; name="userId"\r\n\r\n${admin.id}\r\n--${boundary}--\r\n`
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  const answer = await whole.call(user, 'POST', '/api/user/imports', { payload, headers })
  expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('userId')])
})
