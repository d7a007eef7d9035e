import { connect, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readJsonBodies } from './jsonBody.ts'
import { sendError } from './sendError.ts'
import { endSlowBodies } from './slowBodies.ts'

const DEADLINE_MS = 300
let app: FastifyInstance

beforeAll(async () => {
  app = fastify()
  app.setErrorHandler(sendError)
  readJsonBodies(app)
  endSlowBodies(app, DEADLINE_MS)
  app.post('/echo', { config: { access: 'public' } }, async (request) => request.body)
  await app.register(async (raw) => {
    raw.removeAllContentTypeParsers()
    raw.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const echo = async (request: FastifyRequest) => String(request.body)
    raw.post('/raw', { config: { access: 'public' } }, echo)
    raw.post('/file', { config: { access: 'public', receives: 'file' } }, echo)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
})

afterAll(() => app?.close())

/** Sends the parts with pauses between them; resolves with all that came back once the other side has ended. */
async function speak(parts: string[], pauseMs: number): Promise<string> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  const ended = new Promise<string>((done) => {
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('error', () => undefined)
    socket.once('close', () => done(text))
  })
  for (const part of parts) {
    if (!socket.destroyed) socket.write(part)
    await sleep(pauseMs)
  }
  socket.end()
  return ended
}

const head = (length: number) =>
  `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

test('a body that only drips is answered 408, and its connection ends', async () => {
  const answer = await speak([head(1000), ...Array.from({ length: 12 }, () => ' ')], 60)
  expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  expect(answer.toLowerCase()).toContain('connection: close')
  expect(answer).toContain('"REQUEST_TIMEOUT"')
})

test('a body in two halves within the time is read, and so is the next on the same connection', async () => {
  const twice = await speak([`${head(10)}{"a":`, ` 12 }`, `${head(7)}{"b":1}`], 80)
  expect(twice.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
  expect(twice).toContain('{"b":1}')
})

const typed = (path: string, type: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\n${type === '' ? '' : `content-type: ${type}\r\n`}content-length: 10\r\n\r\n`
const dripping = (path: string, type: string) =>
  speak([typed(path, type), ...Array.from({ length: 10 }, () => ' ')], 60)

test.each(['', 'text/plain', 'multipart/form-data; boundary=x'])('so it is with the Content-Type %j', async (type) => {
  expect(await dripping('/raw', type)).toMatch(/^HTTP\/1\.1 408 /)
})

test('a file may come slowly', async () => {
  expect(await dripping('/file', 'multipart/form-data; boundary=x')).toMatch(/^HTTP\/1\.1 200 /)
})
