import { createServer as createTlsServer } from 'node:https'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { FAILURE_CATEGORIES } from '#contract/errors.ts'
import type { OutgoingMessage, SendOutcome } from './Gateway.ts'
import { createWuzapiGateway, type WuzapiOptions } from './wuzapi.ts'
import { respondData, startRawStub, startStub, type Stub } from './wuzapiStub.ts'

const ID = '3EB0A1B2C3D4E5F60718AB'
const MESSAGE: OutgoingMessage = { id: ID, to: '5511988887777', content: { type: 'text', text: 'x' } }
const SENT = JSON.stringify({ code: 200, data: { Details: 'Sent', Id: ID, Timestamp: 1769040000 }, success: true })
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

async function keep(stub: Promise<Stub>): Promise<Stub> {
  open.push(await stub)
  return stub
}

async function sendTo(
  url: string,
  options: Partial<WuzapiOptions> = {},
): Promise<{ outcome: SendOutcome; tookMs: number }> {
  const gateway = createWuzapiGateway({ baseUrl: url, token: 'tok-line-1', deadlineMs: 5000, ...options })
  open.push(gateway)
  const started = performance.now()
  const outcome = await gateway.send(MESSAGE)
  return { outcome, tookMs: performance.now() - started }
}

const maybe = (category: string, code: string) => ({ ok: false, failure: { category, code, fate: 'maybe' } })
const PROTOCOL = maybe('API_ERROR', 'PROTOCOL')
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'

/** Writes one piece every 20 ms until the other side hangs up. */
function drip(socket: Socket, piece: (n: number) => string): void {
  let n = 0
  const timer = setInterval(() => socket.write(piece(n++)), 20)
  socket.once('close', () => clearInterval(timer))
}

describe('the deadline covers everything', () => {
  const closed: Promise<unknown>[] = []
  test.each<[string, (socket: Socket) => void]>([
    ['a request that is read and never answered', () => {}],
    [
      'headers that drip',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n')
        drip(socket, (n) => `x-${n}: 1\r\n`)
      },
    ],
    [
      'a body that drips',
      (socket) => {
        socket.write(`${HEAD}content-length: 100000\r\n\r\n`)
        drip(socket, () => ' ')
      },
    ],
    ['interim answers without end', (socket) => drip(socket, () => 'HTTP/1.1 102 Processing\r\n\r\n')],
  ])('%s', async (_name, speak) => {
    const server = await keep(
      startRawStub((socket) => {
        closed.push(new Promise((resolve) => socket.once('close', resolve)))
        speak(socket)
      }),
    )
    const { outcome, tookMs } = await sendTo(server.url, { deadlineMs: 300 })
    expect(outcome).toMatchObject(maybe('TIMEOUT', 'DEADLINE'))
    expect(tookMs).toBeGreaterThanOrEqual(295)
    expect(tookMs).toBeLessThan(1300)
    await Promise.all(closed)
  })

  test('a request that waited for a connection until then was not sent', async () => {
    const server = await keep(startRawStub(() => {}))
    const gateway = createWuzapiGateway({ baseUrl: server.url, token: 'tok-line-1', deadlineMs: 200 })
    open.push(gateway)
    const message = { id: ID, to: '5511988887777', content: { type: 'text', text: 'x' } } as const
    const [first, second] = await Promise.all([gateway.send(message), gateway.send(message)])
    expect(first).toMatchObject(maybe('TIMEOUT', 'DEADLINE'))
    expect(second).toMatchObject({ ok: false, failure: { category: 'SERVER_BUSY', fate: 'notSent' } })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.seen).toHaveLength(1)
  })
})

describe('an answer that is too large is cut', () => {
  test.each<[string, string, string]>([
    ['endless and chunked', `${HEAD}transfer-encoding: chunked\r\n\r\n`, `1000\r\n${'x'.repeat(4096)}\r\n`],
    ['announced as 10 GB', `${HEAD}content-length: 10737418240\r\n\r\n`, 'x'.repeat(65_536)],
    ['endless without a length', `${HEAD}\r\n`, ' '.repeat(65_536)],
  ])('%s', async (_name, head, piece) => {
    let written = 0
    let hungUp: Promise<unknown> = Promise.resolve()
    const server = await keep(
      startRawStub((socket) => {
        hungUp = new Promise((resolve) => socket.once('close', resolve))
        const pump = () => {
          while (!socket.destroyed && socket.write(piece)) written += piece.length
          written += piece.length
        }
        socket.write(head)
        socket.on('drain', pump)
        pump()
      }),
    )
    const { outcome, tookMs } = await sendTo(server.url)
    expect(outcome).toMatchObject(PROTOCOL)
    expect(tookMs).toBeLessThan(2000)
    await hungUp
    expect(written).toBeLessThan(20_000_000)
  })

  test('65,536 bytes are read, one more is not', async () => {
    const padded = (length: number) => SENT + ' '.repeat(length - SENT.length)
    let length = 65_536
    const server = await keep(startStub((_request, response) => response.end(padded(length))))
    expect((await sendTo(server.url)).outcome).toEqual({ ok: true })
    length++
    expect((await sendTo(server.url)).outcome).toMatchObject(PROTOCOL)
  })

  test('its status still counts when it is an error', async () => {
    const server = await keep(startStub((_request, response) => response.writeHead(401).end('x'.repeat(1_000_000))))
    expect((await sendTo(server.url)).outcome).toMatchObject({ failure: { category: 'UNAUTHORIZED', fate: 'notSent' } })
  })

  test('10,000 headers', async () => {
    const server = await keep(
      startRawStub((socket) => {
        const headers = Array.from({ length: 10_000 }, (_, n) => `x-${n}: 1\r\n`).join('')
        socket.end(`${HEAD}${headers}content-length: ${SENT.length}\r\n\r\n${SENT}`)
      }),
    )
    expect((await sendTo(server.url)).outcome).toMatchObject(PROTOCOL)
  })

  test.each([
    ['interim answers', '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
    ['an extension of a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\n1;`, 'e'],
    ['trailers', `${HEAD}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x-t: a\r\n'],
  ])('a flood of %s is cut off, long before the deadline', async (_name, head, piece) => {
    const flood = Buffer.from(piece.repeat(Math.ceil(60_000 / piece.length)))
    let written = 0
    const server = await keep(
      startRawStub((socket) => {
        const more = () => {
          while (!socket.destroyed && socket.write(flood)) written += flood.length
        }
        socket.write(head)
        socket.on('drain', more)
        more()
      }),
    )
    const { outcome, tookMs } = await sendTo(server.url)
    expect(outcome).toMatchObject(PROTOCOL)
    expect(tookMs).toBeLessThan(3000)
    expect(written).toBeLessThan(32 * 1024 * 1024)
  })

  test('a packed answer is neither unpacked nor quoted', async () => {
    let status = 200
    const server = await keep(
      startStub((_request, response) => {
        response.writeHead(status, { 'content-encoding': 'gzip' }).end(gzipSync(SENT))
      }),
    )
    expect((await sendTo(server.url)).outcome).toMatchObject(PROTOCOL)
    status = 500
    const message = 'The gateway answered 500 without an explanation.'
    expect((await sendTo(server.url)).outcome).toMatchObject({ ok: false, failure: { message } })
  })
})

describe('a 2xx that is not the documented one is never taken for sent', () => {
  const envelope = (data: unknown, more: Record<string, unknown> = {}) =>
    JSON.stringify({ code: 200, data, success: true, ...more })
  test.each<[string, string | Buffer]>([
    ['empty', ''],
    ['HTML', '<html>Sent</html>'],
    ['cut short', SENT.slice(0, -2)],
    ['one brace', '{'],
    ['UTF-16', Buffer.from(`\ufeff${SENT}`, 'utf16le')],
    ['an array', `[${SENT}]`],
    ['an empty array', '[]'],
    ['a number', '200'],
    ['a text', '"Sent"'],
    ['true', 'true'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['success false', envelope({ Details: 'Sent', Id: ID }, { success: false })],
    ['success as text', envelope({ Details: 'Sent', Id: ID }, { success: 'true' })],
    ['no data', envelope(undefined)],
    ['data null', envelope(null)],
    ['data as a list', envelope([{ Details: 'Sent', Id: ID }])],
    ['data as a text', envelope('Sent')],
    ['the id of another message', envelope({ Details: 'Sent', Id: 'OTHER' })],
    ['an id that is no text', envelope({ Details: 'Sent', Id: 7 })],
    ['something else done', envelope({ details: 'Connected!' })],
    ['only a prototype', '{"__proto__":{"success":true,"data":{"Id":"x"}}}'],
  ])('%s', async (_name, body) => {
    const server = await keep(startStub((_request, response) => response.end(body)))
    expect((await sendTo(server.url)).outcome).toMatchObject(PROTOCOL)
  })

  test('204', async () => {
    const server = await keep(startStub((_request, response) => response.writeHead(204).end()))
    expect((await sendTo(server.url)).outcome).toMatchObject(PROTOCOL)
  })

  test.each<[string, string]>([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a length that is not kept', `${HEAD}content-length: 5\r\ncontent-length: 7\r\n\r\n${SENT}`],
  ])('%s', async (_name, bytes) => {
    const server = await keep(startRawStub((socket) => socket.end(bytes)))
    expect((await sendTo(server.url)).outcome).toMatchObject(PROTOCOL)
  })

  test('shorter than its length says is a lost connection', async () => {
    const server = await keep(startRawStub((socket) => socket.end(`${HEAD}content-length: 100000\r\n\r\n${SENT}`)))
    expect((await sendTo(server.url)).outcome).toMatchObject({ ok: false, failure: { fate: 'maybe' } })
  })
})

test.each([301, 302, 303, 307, 308])('a %i is not followed, so the token stays here', async (status) => {
  const decoy = await keep(startStub((_request, response) => respondData(response, { Details: 'Sent', Id: ID })))
  const server = await keep(
    startStub((_request, response) => response.writeHead(status, { location: `${decoy.url}/x` }).end()),
  )
  expect((await sendTo(server.url)).outcome).toMatchObject({
    ok: false,
    failure: { code: 'REDIRECT', fate: 'notSent' },
  })
  expect(decoy.seen).toHaveLength(0)
})

describe('connections', () => {
  const unreachable = (code: string) => ({
    ok: false,
    failure: { category: 'SERVER_BUSY', code, fate: 'notSent', scope: 'channel' },
  })

  async function unusedPort(): Promise<number> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    return port
  }

  test('refused', async () => {
    const port = await unusedPort()
    expect((await sendTo(`http://127.0.0.1:${port}`)).outcome).toMatchObject(unreachable('ECONNREFUSED'))
    expect((await sendTo(`http://localhost:${port}`)).outcome).toMatchObject(unreachable('ECONNREFUSED'))
  })

  test('a name that does not exist', async () => {
    const { outcome } = await sendTo('http://gateway.invalid', { deadlineMs: 20_000 })
    expect(outcome).toMatchObject({ ok: false, failure: { category: 'SERVER_BUSY', fate: 'notSent' } })
    expect(outcome.ok ? '' : outcome.failure.code).toMatch(/ENOTFOUND|EAI_AGAIN/)
  })

  test('TLS to a server that speaks none', async () => {
    const server = await keep(startRawStub((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    const { outcome } = await sendTo(server.url.replace('http:', 'https:'))
    expect(outcome).toMatchObject({ ok: false, failure: { category: 'SERVER_BUSY', fate: 'notSent' } })
  })

  test('a certificate that nobody vouches for, also where the environment would let it pass', async () => {
    let requests = 0
    const server = createTlsServer(SELF_SIGNED, (_request, response) => {
      requests++
      response.end(SENT)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) })
    const { port } = server.address() as AddressInfo
    for (const reject of [undefined, '0']) {
      if (reject !== undefined) process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = reject
      const { outcome } = await sendTo(`https://127.0.0.1:${port}`)
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      expect(outcome).toMatchObject(unreachable('DEPTH_ZERO_SELF_SIGNED_CERT'))
    }
    expect(requests).toBe(0)
  })

  test('a message whose permission ends while it waits for its connection does not leave', async () => {
    let bytes = 0
    const server = createServer((socket) => socket.on('data', (data) => (bytes += data.length)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) })
    const { port } = server.address() as AddressInfo
    const gateway = createWuzapiGateway({ baseUrl: `http://127.0.0.1:${port}`, token: 'token' })
    let mayLeave = true
    const sending = gateway.send(MESSAGE, undefined, () => mayLeave)
    mayLeave = false
    expect(await sending).toMatchObject({ ok: false, failure: { code: 'ABORTED', fate: 'notSent' } })
    await gateway.close()
    expect(bytes).toBe(0)
  })

  test('reset or closed after the request was read may have been sent', async () => {
    const reset = await keep(startRawStub((socket) => socket.resetAndDestroy()))
    expect((await sendTo(reset.url)).outcome).toMatchObject(maybe('TIMEOUT', 'ECONNRESET'))
    const closed = await keep(startRawStub((socket) => socket.end()))
    expect((await sendTo(closed.url)).outcome).toMatchObject(maybe('TIMEOUT', 'UND_ERR_SOCKET'))
  })

  test('reset before the request was written is surely not sent', async () => {
    let received = 0
    const server = createServer((socket) => {
      socket.on('data', (bytes) => (received += bytes.length)).on('error', () => {})
      socket.resetAndDestroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const fates: string[] = []
    for (let n = 0; n < 5; n++) {
      const { outcome } = await sendTo(url)
      fates.push(outcome.ok ? 'sent' : `${outcome.failure.category} ${outcome.failure.fate}`)
    }
    expect(received).toBe(0)
    // Whether our side has written before it hears of the reset is a race; both answers are honest, `sent` is not.
    expect(fates).toContain('SERVER_BUSY notSent')
    expect(fates.filter((fate) => fate !== 'SERVER_BUSY notSent' && fate !== 'TIMEOUT maybe')).toEqual([])
  })

  test('a kept connection that the gateway closed meanwhile is replaced, and every message arrives once', async () => {
    let sockets = new Set<Socket>()
    const server = await keep(
      startStub((_request, response) => {
        if (response.socket !== null) sockets.add(response.socket)
        respondData(response, { Details: 'Sent', Id: ID })
      }),
    )
    const gateway = createWuzapiGateway({ baseUrl: server.url, token: 'tok-line-1', deadlineMs: 5000 })
    open.push(gateway)
    for (let n = 0; n < 5; n++) {
      expect(await gateway.send({ id: ID, to: '5511988887777', content: { type: 'text', text: 'x' } })).toEqual({
        ok: true,
      })
      for (const socket of sockets) socket.end()
      sockets = new Set()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(server.seen).toHaveLength(5)
  })

  test('closed the moment it would be used again: the server has read at most what we call maybe', async () => {
    const server = await keep(
      startStub((_request, response) => {
        respondData(response, { Details: 'Sent', Id: ID })
        setImmediate(() => response.socket?.destroy())
      }),
    )
    const gateway = createWuzapiGateway({ baseUrl: server.url, token: 'tok-line-1', deadlineMs: 5000 })
    open.push(gateway)
    let surelyNotSent = 0
    for (let n = 0; n < 200; n++) {
      const outcome = await gateway.send(MESSAGE)
      if (!outcome.ok && outcome.failure.fate === 'notSent') surelyNotSent++
    }
    expect(server.seen.length).toBeLessThanOrEqual(200 - surelyNotSent)
  })
})

test('2,000 random answers all end in an outcome of the list', async () => {
  const pick = randomOf(20_260_122)
  const statuses = [
    100, 101, 102, 200, 200, 200, 201, 204, 206, 226, 299, 301, 304, 307, 400, 401, 403, 404, 409, 413, 418, 429, 451,
    500, 500, 502, 503, 504, 520, 599, 999,
  ]
  const bodies = [
    '',
    SENT,
    '{',
    '[]',
    '0',
    'null',
    '<html>',
    '\u0000\u0001',
    '{"error":{"a":1}}',
    '{"error":"no session"}',
    '{"success":true}',
    'é'.repeat(3000),
    '{"data":'.repeat(3000),
    '['.repeat(30_000),
  ]
  const headers = [
    '',
    'retry-after: 5\r\n',
    'retry-after: -1\r\n',
    'content-length: 3\r\n',
    'content-length: x\r\n',
    'transfer-encoding: chunked\r\n',
    'connection: close\r\n',
    'content-encoding: br\r\n',
    'upgrade: h2c\r\nconnection: upgrade\r\n',
    'location: http://127.0.0.1:1/\r\n',
    'set-cookie: a\r\n'.repeat(50),
    ': \r\n',
    'x: \u0007\r\n',
  ]
  const server = await keep(
    startRawStub((socket) => {
      const speak = () => {
        socket.write(`HTTP/1.1 ${pick(statuses)} X\r\n${pick(headers)}${pick(headers)}\r\n`)
        socket.write(pick(bodies))
        if (pick([true, false])) socket.end()
        else socket.resetAndDestroy()
      }
      if (pick([true, false, false])) setImmediate(speak)
      else speak()
    }),
  )
  const gateway = createWuzapiGateway({ baseUrl: server.url, token: 'tok-line-1', deadlineMs: 1000, maxInFlight: 16 })
  open.push(gateway)
  const message = { id: ID, to: '5511988887777', content: { type: 'text', text: 'x' } } as const
  for (let round = 0; round < 125; round++) {
    for (const outcome of await Promise.all(Array.from({ length: 16 }, () => gateway.send(message)))) {
      if (outcome.ok) continue
      expect(FAILURE_CATEGORIES).toContain(outcome.failure.category)
      expect(outcome.failure.code).toMatch(/^[A-Z0-9_]{2,60}$/)
      expect(outcome.failure.message.length).toBeLessThanOrEqual(300)
    }
  }
})

/** A seeded choice (mulberry32), so that a failure can be repeated. */
function randomOf(seed: number): <T>(from: T[]) => T {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return <T>(from: T[]) => from[Math.floor(next() * from.length)] as T
}

/** Made for this test and used nowhere else: CN=127.0.0.1, signed by itself, valid for a hundred years. */
const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgItoBakc7+6MJG+QR
7pWZqoSA1CcUsS7yFBZUA1B9E6mhRANCAAR+o74Lz2AU/aEyTIy0bEv2Q1lotzsB
V1yVXz5suElKuJWfKcMJ15Ac1oYMscwKrowd6wqilmKn3YwxBY1L/VOW
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgIUZCDs7nLRVHG0XLRcNiDIHUpLr/8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMjEyMDQ1MFoYDzIxMjYxMDI5
MTIwNDUwWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR+o74Lz2AU/aEyTIy0bEv2Q1lotzsBV1yVXz5suElKuJWfKcMJ15Ac
1oYMscwKrowd6wqilmKn3YwxBY1L/VOWo2QwYjAdBgNVHQ4EFgQU/Q8KpyxPVEhx
bqq/f02VE8qh9powHwYDVR0jBBgwFoAU/Q8KpyxPVEhxbqq/f02VE8qh9powDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQC
IHtVmMIgMg/SrWI8Zc5KUm4fzN74X+nvcJJWWmTEjPkdAiAh/wS5RcNS1uGGGgbJ
TrycNX4NG9HfNjnbzYhvho3BWQ==
-----END CERTIFICATE-----
`,
}
