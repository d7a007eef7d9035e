import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '#server/lib/AppError.ts'
import { GatewayError, type OutgoingContent, type SendFailure, type SendOutcome } from './Gateway.ts'
import { createWuzapiGateway, WEBHOOK_EVENTS, type WuzapiGateway, type WuzapiOptions } from './wuzapi.ts'
import { respond, respondData, respondError, startStub, type Stub } from './wuzapiStub.ts'

const TOKEN = 'tok-line-1-secret'
const ID = '3EB0A1B2C3D4E5F60718AB'
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

async function stub(answer: Parameters<typeof startStub>[0]): Promise<Stub> {
  const server = await startStub(answer)
  open.push(server)
  return server
}

function gatewayTo(url: string, options: Partial<WuzapiOptions> = {}): WuzapiGateway {
  const gateway = createWuzapiGateway({ baseUrl: url, token: TOKEN, deadlineMs: 2000, ...options })
  open.push(gateway)
  return gateway
}

function sendText(gateway: WuzapiGateway, id = ID, signal?: AbortSignal): Promise<SendOutcome> {
  return gateway.send({ id, to: '5511988887777', content: { type: 'text', text: 'Olá Ana 🐦' } }, signal)
}

async function failureOf(call: Promise<unknown>): Promise<SendFailure> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(GatewayError)
  return (error as GatewayError).failure
}

describe('send', () => {
  test('posts the text with our id, and sends the token as header only', async () => {
    const server = await stub((_request, response) =>
      respondData(response, { Details: 'Sent', Id: ID, Timestamp: 1769040000 }),
    )
    expect(await sendText(gatewayTo(server.url))).toEqual({ ok: true })
    const [request] = server.seen
    expect(request).toMatchObject({ method: 'POST', path: '/chat/send/text' })
    expect(request?.body).toEqual({ Phone: '5511988887777', Id: ID, Body: 'Olá Ana 🐦', LinkPreview: false })
    expect(request?.headers).toMatchObject({
      token: TOKEN,
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    })
  })

  test.each([
    ['of generation B', { Details: 'Sent', Id: ID, Timestamp: 1769040000 }],
    ['of generation A', { Details: 'Sent', Timestamp: '2025-05-08T10:00:00Z', Id: ID }],
    ['in other letters', { details: 'Sent', id: ID }],
    ['without the id', { Details: 'Sent' }],
  ])('an answer %s is accepted', async (_name, data) => {
    const server = await stub((_request, response) => respondData(response, data))
    expect(await sendText(gatewayTo(server.url))).toEqual({ ok: true })
  })

  test.each<[string, OutgoingContent, string, Record<string, unknown>]>([
    [
      'image',
      { type: 'image', bytes: Buffer.from('jpeg'), mimeType: 'image/jpeg', caption: 'Menu' },
      '/chat/send/image',
      { Image: 'data:image/jpeg;base64,anBlZw==', MimeType: 'image/jpeg', Caption: 'Menu' },
    ],
    [
      'video',
      { type: 'video', bytes: Buffer.from('mp4'), mimeType: 'video/mp4' },
      '/chat/send/video',
      { Video: 'data:video/mp4;base64,bXA0', MimeType: 'video/mp4' },
    ],
    [
      'voice note',
      { type: 'audio', bytes: Buffer.from('opus'), mimeType: 'audio/ogg; codecs=opus' },
      '/chat/send/audio',
      { Audio: 'data:audio/ogg;base64,b3B1cw==', ptt: true, mimetype: 'audio/ogg; codecs=opus' },
    ],
    [
      'audio file',
      { type: 'audio', bytes: Buffer.from('mp3'), mimeType: 'audio/mpeg', caption: 'ignored' },
      '/chat/send/audio',
      { Audio: 'data:audio/mpeg;base64,bXAz', ptt: false, mimetype: 'audio/mpeg' },
    ],
    [
      'document',
      {
        type: 'document',
        bytes: Buffer.from('pdf'),
        mimeType: 'application/pdf',
        fileName: 'conta.pdf',
        caption: 'Março',
      },
      '/chat/send/document',
      {
        Document: 'data:application/octet-stream;base64,cGRm',
        MimeType: 'application/pdf',
        FileName: 'conta.pdf',
        Caption: 'Março',
      },
    ],
    [
      'part of a larger buffer',
      { type: 'document', bytes: Buffer.from('--pdf--').subarray(2, 5), mimeType: 'application/pdf' },
      '/chat/send/document',
      { Document: 'data:application/octet-stream;base64,cGRm', MimeType: 'application/pdf', FileName: 'document' },
    ],
  ])('%s', async (_name, content, path, expected) => {
    const server = await stub((_request, response) => respondData(response, { Details: 'Sent', Id: ID }))
    expect(await gatewayTo(server.url).send({ id: ID, to: '5511988887777', content })).toEqual({ ok: true })
    expect(server.seen[0]).toMatchObject({ path, body: {} })
    expect(server.seen[0]?.body).toEqual({ Phone: '5511988887777', Id: ID, ...expected })
  })

  test('a gateway under a path of its own is called there', async () => {
    const server = await stub((_request, response) => respondData(response, { Details: 'Sent', Id: ID }))
    await sendText(gatewayTo(`${server.url}/wuzapi/`))
    expect(server.seen[0]?.path).toBe('/wuzapi/chat/send/text')
  })

  test('a JID is taken as it is, a plus is dropped, and what is no number never leaves', async () => {
    const server = await stub((_request, response) => respondData(response, { Details: 'Sent', Id: ID }))
    const gateway = gatewayTo(server.url)
    const content = { type: 'text', text: 'x' } as const
    await gateway.send({ id: ID, to: '551188887777@s.whatsapp.net', content })
    await gateway.send({ id: ID, to: '+5511988887777', content })
    expect(server.seen.map((request) => request.body['Phone'])).toEqual([
      '551188887777@s.whatsapp.net',
      '5511988887777',
    ])
    for (const to of ['', '+', '55 11 98888-7777', 'Ana']) {
      expect(await gateway.send({ id: ID, to, content })).toMatchObject({
        ok: false,
        failure: { category: 'INVALID_NUMBER', permanent: true },
      })
    }
    expect(server.seen).toHaveLength(2)
  })

  test('an error is read from its text, whatever the status', async () => {
    const server = await stub((_request, response) => respondError(response, 500, 'no session'))
    expect(await sendText(gatewayTo(server.url))).toMatchObject({
      ok: false,
      failure: { category: 'DISCONNECTED', code: 'NO_SESSION', fate: 'notSent', scope: 'channel' },
    })
  })

  test('Retry-After of a proxy becomes the earliest next instant', async () => {
    const server = await stub((_request, response) => response.writeHead(429, { 'retry-after': '7' }).end('slow'))
    const outcome = await sendText(gatewayTo(server.url))
    if (outcome.ok || outcome.failure.notBefore === null) throw new Error('expected a failure with an instant')
    expect(outcome.failure.notBefore.getTime() - Date.now()).toBeGreaterThan(6000)
  })

  test('a page that repeats our headers does not carry the token or the number into the failure', async () => {
    const server = await stub((_request, response) =>
      response.writeHead(500).end(`bad header token: ${TOKEN} for 5511988887777`),
    )
    const outcome = await sendText(gatewayTo(server.url))
    const message = outcome.ok ? '' : outcome.failure.message
    expect(message).toContain('[token]')
    expect(JSON.stringify(outcome)).not.toContain(TOKEN.slice(0, 8))
    expect(JSON.stringify(outcome)).not.toContain('5511988887777')
  })

  test('forty sends at once share one listener and as many connections as allowed', async () => {
    let inFlight = 0
    let most = 0
    const server = await stub((request, response) => {
      most = Math.max(most, ++inFlight)
      setTimeout(() => {
        inFlight--
        respondData(response, { Details: 'Sent', Id: request.body['Id'] })
      }, 5)
    })
    const gateway = gatewayTo(server.url, { maxInFlight: 8 })
    const { signal } = new AbortController()
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, n) => sendText(gateway, `ID${n}`, signal)))
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true)
    expect(new Set(server.seen.map((request) => request.body['Id'])).size).toBe(40)
    expect(most).toBe(8)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  })

  test('an abort closes what is under way as a maybe, and what waits is surely not sent', async () => {
    const server = await stub(() => {})
    const gateway = gatewayTo(server.url)
    const abort = new AbortController()
    const first = sendText(gateway, 'A', abort.signal)
    const waiting = sendText(gateway, 'B', abort.signal)
    await expect.poll(() => server.seen.length).toBe(1)
    abort.abort()
    expect(await first).toMatchObject({ failure: { category: 'TIMEOUT', code: 'ABORTED', fate: 'maybe' } })
    expect(await waiting).toMatchObject({ failure: { category: 'TIMEOUT', code: 'ABORTED', fate: 'notSent' } })
    expect(await sendText(gateway, 'C', abort.signal)).toMatchObject({ failure: { fate: 'notSent' } })
    expect(server.seen).toHaveLength(1)
  })

  test('after closing nothing is sent, and closing twice is fine', async () => {
    const server = await stub((_request, response) => respondData(response, { Details: 'Sent', Id: ID }))
    const gateway = gatewayTo(server.url)
    await gateway.close()
    await gateway.close()
    expect(await sendText(gateway)).toMatchObject({ ok: false, failure: { category: 'SERVER_BUSY', fate: 'notSent' } })
    expect(server.seen).toHaveLength(0)
  })
})

describe('status', () => {
  test.each([
    [
      'B',
      { connected: true, loggedIn: true, jid: '5511999990001:12@s.whatsapp.net', token: TOKEN },
      { connected: true, loggedIn: true, number: '5511999990001' },
    ],
    ['A', { Connected: true, LoggedIn: false }, { connected: true, loggedIn: false, number: null }],
    ['B, dropped', { connected: false, loggedIn: true, jid: '' }, { connected: false, loggedIn: true, number: null }],
    [
      'words instead of truth values',
      { connected: 'true', loggedIn: 1, jid: 5 },
      { connected: false, loggedIn: false, number: null },
    ],
  ])('%s', async (_name, data, expected) => {
    const server = await stub((_request, response) => respondData(response, data))
    expect(await gatewayTo(server.url).status()).toEqual(expected)
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/session/status', headers: { token: TOKEN } })
  })

  test('no session is an answer, not an error', async () => {
    const server = await stub((_request, response) => respondError(response, 500, 'No session'))
    expect(await gatewayTo(server.url).status()).toEqual({ connected: false, loggedIn: false, number: null })
  })

  test('a refused token throws and does not repeat it', async () => {
    const server = await stub((_request, response) => respondError(response, 401, 'unauthorized'))
    expect(await failureOf(gatewayTo(server.url).status())).toMatchObject({
      category: 'UNAUTHORIZED',
      scope: 'channel',
      fate: 'notSent',
    })
  })

  test('does not wait behind sends that hang', async () => {
    const server = await stub((request, response) => {
      if (request.path === '/session/status') respondData(response, { connected: true, loggedIn: true })
    })
    const gateway = gatewayTo(server.url, { deadlineMs: 500 })
    const hanging = [sendText(gateway, 'A'), sendText(gateway, 'B')]
    const started = performance.now()
    expect(await gateway.status()).toMatchObject({ connected: true })
    expect(performance.now() - started).toBeLessThan(400)
    await Promise.all(hanging)
  })
})

describe('checkNumbers', () => {
  const digits = (n: number) => `55119${String(n).padStart(8, '0')}`

  test('asks at most 50 at a time and matches on the question', async () => {
    const server = await stub((request, response) => {
      const asked = request.body['Phone'] as string[]
      const users = asked.map((query) => ({
        IsInWhatsapp: Number(query) % 2 === 0,
        JID: `${query}@s.whatsapp.net`,
        Query: query,
        VerifiedName: '',
      }))
      respondData(response, { Users: users.reverse() })
    })
    const numbers = Array.from({ length: 120 }, (_, n) => digits(n))
    const checks = await gatewayTo(server.url).checkNumbers([...numbers, digits(0)])
    expect(server.seen.map((request) => (request.body['Phone'] as string[]).length)).toEqual([50, 50, 20])
    expect(checks.map((check) => check.query).sort()).toEqual(numbers)
    for (const { query, isOnWhatsapp, jid } of checks) {
      const even = Number(query) % 2 === 0
      expect({ isOnWhatsapp, jid }).toEqual({ isOnWhatsapp: even, jid: even ? `${query}@s.whatsapp.net` : null })
    }
  })

  test('takes suffixes off, keeps the JID of the registered number, and leaves out what has no usable answer', async () => {
    const server = await stub((_request, response) => {
      respondData(response, {
        Users: [
          { Query: '5511988887777@c.us', IsInWhatsapp: true, JID: '551188887777@s.whatsapp.net' },
          { Query: '+5511988887778', IsInWhatsapp: true, JID: '1234@lid' },
          { Query: '5511988887779@s.whatsapp.net', IsInWhatsapp: false, JID: 'x' },
          { Query: '5511988887780', IsInWhatsapp: 'yes', JID: 'x' },
          { Query: '4900000', IsInWhatsapp: true, JID: 'x' },
          { Query: '5511988887777', IsInWhatsapp: false, JID: 'repeated' },
          null,
          7,
        ],
      })
    })
    const asked = ['5511988887777', '5511988887778', '5511988887779', '5511988887780', '5511988887781']
    expect(await gatewayTo(server.url).checkNumbers(asked)).toEqual([
      { query: '5511988887777', isOnWhatsapp: true, jid: '551188887777@s.whatsapp.net' },
      { query: '5511988887778', isOnWhatsapp: true, jid: '1234@lid' },
      { query: '5511988887779', isOnWhatsapp: false, jid: null },
    ])
  })

  test('no rows and no question are no error', async () => {
    const server = await stub((_request, response) => respondData(response, { Users: null }))
    const gateway = gatewayTo(server.url)
    expect(await gateway.checkNumbers(['5511988887777'])).toEqual([])
    expect(await gateway.checkNumbers([])).toEqual([])
    expect(server.seen).toHaveLength(1)
  })

  test('a rate limit throws', async () => {
    const server = await stub((_request, response) =>
      respondError(
        response,
        500,
        'failed to check if users are on WhatsApp: info query returned status 429: rate-overlimit',
      ),
    )
    expect(await failureOf(gatewayTo(server.url).checkNumbers(['5511988887777']))).toMatchObject({
      category: 'RATE_LIMIT',
      scope: 'channel',
    })
  })
})

describe('registerWebhook, connect and qr', () => {
  test('stores the key before the address, and always the whole list of events', async () => {
    const server = await stub((request, response) => {
      if (request.path === '/session/hmac/config')
        respond(response, 200, { Details: 'HMAC configuration saved successfully' })
      else respondData(response, { webhook: 'http://127.0.0.1:1/hook' })
    })
    const gateway = gatewayTo(server.url)
    await gateway.registerWebhook('http://127.0.0.1:1/hook', 'k'.repeat(32))
    expect(server.seen.map((request) => [request.path, request.body])).toEqual([
      ['/session/hmac/config', { hmac_key: 'k'.repeat(32) }],
      ['/webhook', { webhookurl: 'http://127.0.0.1:1/hook', events: WEBHOOK_EVENTS }],
    ])
    await gateway.registerWebhook('http://127.0.0.1:1/hook', null)
    expect(server.seen).toHaveLength(3)
  })

  test('a key that could not be stored leaves the address alone', async () => {
    const server = await stub((_request, response) => response.writeHead(404).end('404 page not found'))
    const call = gatewayTo(server.url).registerWebhook('http://127.0.0.1:1/hook', 'k'.repeat(32))
    expect(await failureOf(call)).toMatchObject({ code: 'HTTP_404' })
    expect(server.seen.map((request) => request.path)).toEqual(['/session/hmac/config'])
  })

  test('a 2xx that says nothing is no registration', async () => {
    const server = await stub((_request, response) => response.end(''))
    expect(await failureOf(gatewayTo(server.url).registerWebhook('http://x/', null))).toMatchObject({
      code: 'PROTOCOL',
      fate: 'notSent',
    })
  })

  test.each([500, 409])('connecting what is connected is fine (%i)', async (status) => {
    const server = await stub((_request, response) => respondError(response, status, 'already connected'))
    await gatewayTo(server.url).pairing.connect()
    expect(server.seen[0]?.body).toEqual({ Subscribe: WEBHOOK_EVENTS, Immediate: true })
  })

  test('the QR code is a picture or nothing', async () => {
    let code = ''
    const server = await stub((_request, response) => respondData(response, { QRCode: code }))
    const gateway = gatewayTo(server.url)
    expect(await gateway.pairing.qr()).toBeNull()
    code = 'data:image/png;base64,iVBO'
    expect(await gateway.pairing.qr()).toBe(code)
    code = 'https://elsewhere.example/track.png'
    expect(await gateway.pairing.qr()).toBeNull()
  })
})

describe('settings that can never work', () => {
  test.each([['not a url'], ['ftp://x/'], ['http://user:secret@x/'], ['']])('address %s', (baseUrl) => {
    expect(() => createWuzapiGateway({ baseUrl, token: TOKEN })).toThrow(AppError)
  })

  test.each([['a\r\nx: y'], ['tøken'], [''], [' ']])('token %j', (token) => {
    expect(() => createWuzapiGateway({ baseUrl: 'http://127.0.0.1:1', token })).toThrow(AppError)
  })
})
