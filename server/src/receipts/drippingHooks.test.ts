import { createHmac } from 'node:crypto'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestApp } from '#server/http/testApp.ts'
import { buildChannel, buildUser, testBox } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { hookRoutes } from './hookRoutes.ts'

const KEY = 'hmac-key-0123456789abcdef-0123456789abcdef'
const MB = 1024 * 1024

let test: TestDatabase
let app: FastifyInstance
const sockets: Socket[] = []

beforeAll(async () => {
  test = await createTestDatabase({ max: 5 })
  app = await createTestApp(test.db, {
    routes: [hookRoutes({ db: test.db, box: testBox, onStored: () => undefined })],
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await app?.close()
  await test.close()
})

async function newHook(): Promise<string> {
  const { id } = await buildChannel(test.db, await buildUser(test.db), { webhookKey: KEY })
  return `/api/hooks/${id}/${testBox.derive(`webhook-secret/${id}`)}`
}

/** Sends the head and so much of a body of 4 MB; resolves when that is on its way. */
function begin(url: string, bytes: number): Promise<void> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  sockets.push(socket.on('error', () => undefined))
  const head = `POST ${url} HTTP/1.1\r\nhost: x\r\ncontent-length: ${4 * MB}\r\n\r\n`
  return new Promise((done) => socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(bytes)]), () => done()))
}

async function report(url: string, bytes = 0): Promise<number> {
  const body = JSON.stringify({ type: 'Message', text: ' '.repeat(bytes) })
  const signature = createHmac('sha256', KEY).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-hmac-signature': signature }
  return (await app.inject({ method: 'POST', url, headers, payload: body })).statusCode
}

it('bodies that are announced and never come keep nobody out, and one channel fills only its part', async () => {
  const [one, another] = [await newHook(), await newHook()]
  await Promise.all(Array.from({ length: 20 }, () => begin(one, 1)))
  await expect.poll(() => report(one)).toBe(200)
  expect(await report(another)).toBe(200)

  await Promise.all(Array.from({ length: 5 }, () => begin(one, 3.9 * MB)))
  await expect.poll(() => report(one, MB), { timeout: 5000 }).toBe(503)
  expect(await report(another, MB)).toBe(200)
})
