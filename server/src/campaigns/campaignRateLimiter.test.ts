import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { z } from 'zod'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { campaignRateLimiter } from './campaignRateLimiter.ts'

const LIMIT = 10
const WINDOW_S = 60
/** Time passes in such steps, so that what the test itself takes does not cross the window's edge. */
const STEP_S = 5

let database: TestDatabase
let apps: FastifyInstance[]
let cookie: string

beforeAll(async () => {
  database = await createTestDatabase()
  apps = [await createLimitedApp(), await createLimitedApp()]
  const [first] = apps
  if (first !== undefined) ({ cookie } = await signInAs(first, database.db, 'user'))
})
afterAll(async () => {
  for (const app of apps) await app.close()
  await database.close()
})

/** Two of them stand for two processes on one database. */
function createLimitedApp(): Promise<FastifyInstance> {
  const limiter = campaignRateLimiter({ db: database.db, creations: LIMIT, operations: 1, progress: 1 })
  const schema = { body: z.strictObject({}), response: { 201: z.object({}) } }
  return createTestApp(database.db, {
    routes: [
      async (app) => {
        app.post('/test/create', { config: { access: 'user' }, ...limiter.creation, schema }, async (_request, reply) =>
          reply.code(201).send({}),
        )
      },
    ],
  })
}

async function post(process: number, payload: object = {}): Promise<number> {
  const answer = await apps[process]?.inject({ method: 'POST', url: '/test/create', headers: { cookie }, payload })
  return answer?.statusCode ?? 0
}

/** As if the log were older by so much. */
const letPass = (seconds: number) =>
  sql`update rate_limits set hits = (select array_agg(hit - make_interval(secs => ${seconds}) order by hit) from unnest(hits) hit)`.execute(
    database.db,
  )

test('in any 60 s the eleventh creation is refused, whatever comes at once, from whichever process, around every edge', async () => {
  const step = fc.record({
    waitSteps: fc.integer({ min: 0, max: 14 }),
    atOnce: fc.integer({ min: 1, max: 6 }),
    process: fc.nat(1),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      await database.db.deleteFrom('rate_limits').execute()
      let now = 0
      const accepted: number[] = []
      for (const { waitSteps, atOnce, process } of steps) {
        now += waitSteps * STEP_S
        if (waitSteps > 0) await letPass(waitSteps * STEP_S)
        const answers = await Promise.all(Array.from({ length: atOnce }, (_, n) => post((process + n) % 2)))
        const room = LIMIT - accepted.filter((at) => now - at < WINDOW_S).length
        const expected = Math.min(atOnce, room)
        expect(answers.filter((status) => status === 201)).toHaveLength(expected)
        expect(answers.filter((status) => status === 429)).toHaveLength(atOnce - expected)
        accepted.push(...Array<number>(expected).fill(now))
      }
    }),
    { numRuns: 100 },
  )
}, 120_000)

test('a body that is refused counts too', async () => {
  await database.db.deleteFrom('rate_limits').execute()
  for (let n = 0; n < LIMIT; n++) expect(await post(0, { strange: n })).toBe(400)
  expect(await post(1, {})).toBe(429)
})
