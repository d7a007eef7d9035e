import { randomUUID } from 'node:crypto'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CampaignDraft, CampaignDraftSummary } from '#contract/campaignDrafts.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { transaction } from '#server/db/transaction.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { writtenDigits } from '#server/phone/writtenDigits.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { CampaignDrafts, forgetInDrafts } from './CampaignDrafts.ts'
import { draftRoutes } from './draftRoutes.ts'

let test: TestDatabase
let app: FastifyInstance
let user: { id: string; cookie: string }

beforeAll(async () => {
  test = await createTestDatabase()
  const drafts = new CampaignDrafts({ db: test.db, audit: new AuditLogger() })
  app = await createTestApp(test.db, { routes: [draftRoutes({ drafts })] })
})
afterAll(async () => {
  await app.close()
  await test.close()
})
beforeEach(async () => {
  user = await signInAs(app, test.db, 'user')
})

function call(method: 'GET' | 'PUT' | 'DELETE', path = '', payload?: object): Promise<LightMyRequestResponse> {
  const options = { method, url: `/api/user/campaign-drafts${path}`, headers: { cookie: user.cookie } }
  return app.inject(payload === undefined ? options : { ...options, payload })
}

const save = (id: string, data: object, revision: number) => call('PUT', `/${id}`, { data, revision })
const draftOf = async (id: string) => (await call('GET', `/${id}`)).json<CampaignDraft>()

it('a draft comes back as it was typed, whatever the characters', async () => {
  const id = randomUUID()
  const data = {
    name: ' Páscoa ',
    texts: ['a\u0000b', '\ud83d', '👩‍👩‍👧 مرحبا'],
    step: 2,
    nested: { days: [1, 2], none: null },
  }
  expect((await save(id, data, 0)).json()).toEqual({ revision: 1 })
  expect((await save(id, { ...data, step: 3 }, 1)).json()).toEqual({ revision: 2 })
  expect(await draftOf(id)).toMatchObject({ id, revision: 2, data: { ...data, step: 3 } })
  const { items } = (await call('GET')).json<{ items: CampaignDraftSummary[] }>()
  expect(items).toMatchObject([{ id, name: 'Páscoa' }])
})

it('of two pages that save the same draft the second is told what is stored, and overwrites nothing', async () => {
  const id = randomUUID()
  await save(id, { text: 'one' }, 0)
  const answers = await Promise.all([save(id, { text: 'left' }, 1), save(id, { text: 'right' }, 1)])
  expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 409])
  const stored = await draftOf(id)
  const refused = answers.find(({ statusCode }) => statusCode === 409)?.json<{ error: unknown }>()
  expect(refused?.error).toMatchObject({ code: 'CONFLICT', details: { draft: stored } })
  expect((await save(id, { text: 'begun anew' }, 0)).statusCode).toBe(409)
})

it('a save whose answer was lost may be repeated', async () => {
  const id = randomUUID()
  for (const revision of [0, 0, 1, 1]) {
    expect((await save(id, { text: `after ${revision}` }, revision)).json()).toEqual({ revision: revision + 1 })
  }
})

it('a draft that was thrown away stays so until the page begins it anew, and both stand in the trail', async () => {
  const id = randomUUID()
  await save(id, {}, 0)
  expect((await call('DELETE', `/${id}`)).statusCode).toBe(204)
  expect((await call('DELETE', `/${id}`)).statusCode).toBe(404)
  expect((await call('GET', `/${id}`)).statusCode).toBe(404)
  expect((await save(id, {}, 1)).statusCode).toBe(404)
  expect((await save(id, {}, 0)).statusCode).toBe(200)
  const events = await test.db.selectFrom('audit_events').selectAll().where('target', '=', id).orderBy('id').execute()
  expect(events.map(({ action, user_id: by }) => [action, by])).toEqual([
    ['campaign-draft-create', user.id],
    ['campaign-draft-delete', user.id],
    ['campaign-draft-create', user.id],
  ])
})

it("an id that is somebody else's draft is a draft of one's own", async () => {
  const id = randomUUID()
  await save(id, { text: 'hers' }, 0)
  const hers = user
  user = await signInAs(app, test.db, 'user')
  expect((await call('GET', `/${id}`)).statusCode).toBe(404)
  expect((await save(id, { text: 'mine' }, 0)).json()).toEqual({ revision: 1 })
  user = hers
  expect((await draftOf(id)).data).toEqual({ text: 'hers' })
})

it('half a megabyte is stored, more is refused, and so are drafts without end', async () => {
  const id = randomUUID()
  expect((await save(id, { text: 'x'.repeat(500 * 1024) }, 0)).statusCode).toBe(200)
  expect((await save(id, { text: 'x'.repeat(513 * 1024) }, 1)).statusCode).toBe(413)
  await test.db
    .insertInto('campaign_drafts')
    .values(
      Array.from({ length: 199 }, () => ({ user_id: user.id, id: randomUUID(), name: '', data: '{}', revision: 1 })),
    )
    .execute()
  expect((await save(randomUUID(), {}, 0)).statusCode).toBe(422)
  const { items, nextCursor } = (await call('GET', '?limit=150')).json<{ items: unknown[]; nextCursor: string }>()
  const rest = (await call('GET', `?limit=150&cursor=${nextCursor}`)).json<{ items: unknown[]; nextCursor: null }>()
  expect([items.length, rest.items.length, rest.nextCursor]).toEqual([150, 50, null])
})

it('somebody who is erased is in no draft any more, however their number was written', async () => {
  const data = [
    { people: 'Ana, (11) 98765-4321\nBia' },
    { contacts: [{ phone: '+55 11 8765 4321' }] },
    { people: '11 98765\n4321 and 11 98765-4322' },
  ]
  const ids = data.map(() => randomUUID())
  for (const [n, id] of ids.entries()) await save(id, data[n] ?? {}, 0)
  await transaction(test.db, (trx) => forgetInDrafts(trx, user.id, writtenDigits('+5511987654321')))
  const left = await Promise.all(ids.map(async (id) => (await call('GET', `/${id}`)).statusCode))
  expect(left).toEqual([404, 404, 200])
})
