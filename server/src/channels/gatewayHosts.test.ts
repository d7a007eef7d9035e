import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { buildChannel, buildUser, testBox } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { findChannelById } from './channelQueries.ts'
import { hostRule } from './gatewayHosts.ts'
import { GatewayRegistry } from './GatewayRegistry.ts'
import { startStub, type Stub } from './gateways/wuzapiStub.ts'

let database: TestDatabase
let stub: Stub

beforeAll(async () => {
  database = await createTestDatabase()
  stub = await startStub((_request, response) => void response.writeHead(503).end())
})

afterAll(async () => {
  vi.restoreAllMocks()
  await stub?.close()
  await database?.close()
})

const MESSAGE = { id: 'm1', to: '5511999998888', content: { type: 'text', text: 'Oi' } } as const

async function channelOf(role: 'admin' | 'user', gateway: 'wuzapi' | 'cloud' = 'wuzapi') {
  const userId = await buildUser(database.db, { role })
  const { id } = await buildChannel(database.db, userId, { gateway, baseUrl: stub.url })
  const row = await findChannelById(database.db, id)
  if (row === undefined) throw new Error('no channel')
  return row
}

const registry = (allowedHosts: string[]) =>
  new GatewayRegistry({
    box: testBox,
    sandboxUrl: () => Promise.reject(new Error('no sandbox here')),
    mayUse: hostRule(database.db, allowedHosts),
  })

test.each([
  ['an administrator, whatever the list says', 'admin', () => []],
  ['a user whose gateway is on the list', 'user', () => [new URL(stub.url).host]],
] as const)('the gateway is asked for %s', async (_who, role, allowed) => {
  const gateways = registry([...allowed()])
  const gateway = await gateways.get(await channelOf(role))
  expect(await gateway.send(MESSAGE)).not.toMatchObject({ failure: { code: 'HOST_NOT_ALLOWED' } })
  expect(stub.seen.length).toBeGreaterThan(0)
  await gateways.close()
})

test('a gateway that left the list since the channel was made hears nothing, and the channel counts as not connected', async () => {
  const gateways = registry(['another.example'])
  const before = stub.seen.length
  const gateway = await gateways.get(await channelOf('user'))
  expect(await gateway.send(MESSAGE)).toMatchObject({
    ok: false,
    failure: { code: 'HOST_NOT_ALLOWED', category: 'DISCONNECTED', fate: 'notSent', scope: 'channel' },
  })
  await expect(gateway.status()).rejects.toMatchObject({ failure: { code: 'HOST_NOT_ALLOWED' } })
  expect(stub.seen.length).toBe(before)
  expect(gateway.isIdempotent).toBe(true)
  expect((await gateways.get(await channelOf('user', 'cloud'))).isIdempotent).toBe(false)
  await gateways.close()
})

test('a stored token that no header can carry closes the channel, so that its campaigns pause instead of waiting', async () => {
  const gateways = registry([])
  const userId = await buildUser(database.db, { role: 'admin' })
  const { id } = await buildChannel(database.db, userId, { gateway: 'wuzapi', baseUrl: stub.url, token: 'símbolo' })
  const row = await findChannelById(database.db, id)
  const gateway = await gateways.get(row as NonNullable<typeof row>)
  expect(await gateway.send(MESSAGE)).toMatchObject({
    ok: false,
    failure: { code: 'ACCESS_UNUSABLE', category: 'UNAUTHORIZED', fate: 'notSent', scope: 'channel' },
  })
  await gateways.close()
})

test('whoever is no administrator any more loses the address within five seconds, and has it back with the role', async () => {
  const gateways = registry([])
  const row = await channelOf('admin')
  const setRole = (role: 'admin' | 'user') =>
    database.db.updateTable('users').set({ role }).where('id', '=', row.user_id).execute()
  const open = await gateways.get(row)
  await setRole('user')
  expect(await gateways.get(row)).toBe(open)
  const now = performance.now.bind(performance)
  let later = 6000
  vi.spyOn(performance, 'now').mockImplementation(() => now() + later)
  expect(await (await gateways.get(row)).send(MESSAGE)).toMatchObject({ failure: { code: 'HOST_NOT_ALLOWED' } })
  await setRole('admin')
  later = 12_000
  expect(await (await gateways.get(row)).send(MESSAGE)).not.toMatchObject({ failure: { code: 'HOST_NOT_ALLOWED' } })
  await gateways.close()
})
