import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Channel } from '#contract/channels.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { buildCampaign, testBox } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { channelRoutes } from './channelRoutes.ts'
import { ChannelService } from './ChannelService.ts'
import { GatewayRegistry } from './GatewayRegistry.ts'

const PATH = '/api/user/channels'
const TOKENS = ['wz-9f27c1d0a4b86e35-FIRST', 'wz-1d0a4b86e359f27c-SECOND'] as const
/** Nobody answers there, which undoes no channel. */
const BASE_URL = 'http://127.0.0.1:9'

let test: TestDatabase
let sandbox: TestSandbox
let app: FastifyInstance
let admin: Awaited<ReturnType<typeof signInAs>>

beforeAll(async () => {
  test = await createTestDatabase()
  sandbox = await TestSandbox.start()
  const { db } = test
  const channels = new ChannelService({
    db,
    box: testBox,
    gateways: new GatewayRegistry({ box: testBox, sandboxUrl: async () => sandbox.url, deadlineMs: 1000 }),
    sandbox: async () => ({ url: sandbox.url, adminToken: '' }),
    publicUrl: null,
    localUrl: () => null,
    allowedHosts: [],
    log: testLog,
  })
  app = await createTestApp(db, { routes: [channelRoutes({ channels })] })
  admin = await signInAs(app, db, 'admin')
})
afterAll(async () => {
  await app.close()
  await sandbox.stop()
  await test.close()
})

const call = (method: 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) =>
  app.inject({
    method,
    url: PATH + path,
    headers: { cookie: admin.cookie },
    ...(payload === undefined ? {} : { payload }),
  })

const trailOf = async (id: string) =>
  test.db.selectFrom('audit_events').selectAll().where('target', '=', id).orderBy('id').execute()

it('a channel that is made, edited, given another token and deleted leaves a row for each, and no token', async () => {
  const body = { name: 'Loja', gateway: 'wuzapi', baseUrl: BASE_URL, token: TOKENS[0] }
  const { id } = (await call('POST', '', body)).json<Channel>()
  expect((await call('POST', '', body)).statusCode).toBe(409)
  await call('PATCH', `/${id}`, { name: 'Loja 2', minDelay: 7000 })
  await call('PATCH', `/${id}`, { token: TOKENS[1] })
  const refused = await call('PATCH', `/${id}`, { sandbox: { latencyMinMs: 1 } })
  expect(refused.statusCode).toBeGreaterThanOrEqual(400)
  const campaign = await buildCampaign(test.db, { userId: admin.id, channelId: id }, { status: 'paused' })
  expect((await call('DELETE', `/${id}`)).statusCode).toBe(409)
  await test.db.updateTable('campaigns').set({ status: 'cancelled' }).where('id', '=', campaign.id).execute()
  expect((await call('DELETE', `/${id}`)).statusCode).toBe(204)
  const rows = await trailOf(id)
  expect(rows.map(({ action }) => action)).toEqual([
    'channel-create',
    'channel-edit',
    'channel-edit',
    'channel-token-change',
    'channel-delete',
  ])
  expect(rows[1]?.details).toMatchObject({
    changes: { name: { from: 'Loja', to: 'Loja 2' }, min_delay_ms: { from: 0, to: 7000 } },
  })
  for (const row of rows) expect(row).toMatchObject({ user_id: admin.id, owner_id: admin.id, address: '127.0.0.1' })
  for (const token of TOKENS) expect(JSON.stringify(rows)).not.toContain(token.slice(0, 8))
  const all = await test.db.selectFrom('audit_events').select('id').where('action', 'like', 'channel-%').execute()
  expect(all).toHaveLength(rows.length)
})
