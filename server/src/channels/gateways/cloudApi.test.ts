import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '#server/lib/AppError.ts'
import { createCloudApiGateway, type CloudApiOptions } from './cloudApi.ts'
import { GatewayError, type Gateway, type OutgoingContent, type SendOutcome } from './Gateway.ts'
import { respond, startRawStub, startStub, type Stub } from './wuzapiStub.ts'

const TOKEN = 'EAA-token-secret'
const ID = '3EB0A1B2C3D4E5F60718AB'
const NUMBER = '106000000000001'
const WAMID = 'wamid.HBgNNTUxMTk1NTU1MDEwMRUCABEYEkE1'
const ACCEPTED = {
  messaging_product: 'whatsapp',
  contacts: [{ input: '+5511955550101', wa_id: '5511955550101' }],
  messages: [{ id: WAMID }],
}
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

async function stub(answer: Parameters<typeof startStub>[0]): Promise<Stub> {
  const server = await startStub(answer)
  open.push(server)
  return server
}

function gatewayTo(url: string, options: Partial<CloudApiOptions> = {}): Gateway {
  const gateway = createCloudApiGateway({
    baseUrl: url,
    phoneNumberId: NUMBER,
    token: TOKEN,
    deadlineMs: 2000,
    ...options,
  })
  open.push(gateway)
  return gateway
}

function send(
  gateway: Gateway,
  content: OutgoingContent = { type: 'text', text: 'Olá Ana 🐦' },
  to = '5511955550101',
  signal?: AbortSignal,
): Promise<SendOutcome> {
  return gateway.send({ id: ID, to, content }, signal)
}

describe('send', () => {
  test('posts to the number with our id as callback data, a plus and the token as header only', async () => {
    const server = await stub((_request, response) => respond(response, 200, ACCEPTED))
    expect(await send(gatewayTo(server.url))).toEqual({ ok: true, gatewayId: WAMID })
    const [request] = server.seen
    expect(request).toMatchObject({ method: 'POST', path: `/v25.0/${NUMBER}/messages` })
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    })
    expect(request?.body).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '+5511955550101',
      type: 'text',
      text: { body: 'Olá Ana 🐦', preview_url: false },
      biz_opaque_callback_data: ID,
    })
  })

  test('the version and a path of a proxy are part of the address', async () => {
    const server = await stub((_request, response) => respond(response, 200, ACCEPTED))
    await send(gatewayTo(`${server.url}/meta/`, { version: 'v26.0' }))
    expect(server.seen[0]?.path).toBe(`/meta/v26.0/${NUMBER}/messages`)
  })

  test.each<[string, OutgoingContent, unknown]>([
    ['image by id', { type: 'image', mediaId: '900', caption: 'Menu' }, { id: '900', caption: 'Menu' }],
    [
      'video by link',
      { type: 'video', link: 'https://cdn.example.test/a.mp4' },
      { link: 'https://cdn.example.test/a.mp4' },
    ],
    ['audio, which has no caption', { type: 'audio', mediaId: '900', caption: 'no' }, { id: '900' }],
    [
      'document with its name',
      { type: 'document', mediaId: '900', fileName: 'menu.pdf', caption: 'Menu' },
      { id: '900', filename: 'menu.pdf', caption: 'Menu' },
    ],
    ['document without a name', { type: 'document', mediaId: '900' }, { id: '900', filename: 'document' }],
    ['image with a name, which it does not have', { type: 'image', mediaId: '900', fileName: 'a.png' }, { id: '900' }],
    [
      'template without variables',
      { type: 'template', name: 'hello', language: 'pt-BR' },
      { name: 'hello', language: { code: 'pt_BR' } },
    ],
    [
      'template with everything',
      {
        type: 'template',
        name: 'spring_offer',
        language: 'pt_BR',
        header: { type: 'image', mediaId: '900100200300' },
        body: [
          { type: 'text', text: 'Ana' },
          { type: 'text', text: '20%' },
        ],
        buttons: [
          { kind: 'url', index: 0, value: 'ana-20' },
          { kind: 'quickReply', index: 1, value: 'STOP_PROMO' },
          { kind: 'copyCode', index: 2, value: 'X' },
        ],
      },
      {
        name: 'spring_offer',
        language: { code: 'pt_BR' },
        components: [
          { type: 'header', parameters: [{ type: 'image', image: { id: '900100200300' } }] },
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Ana' },
              { type: 'text', text: '20%' },
            ],
          },
          { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 'ana-20' }] },
          {
            type: 'button',
            sub_type: 'quick_reply',
            index: '1',
            parameters: [{ type: 'payload', payload: 'STOP_PROMO' }],
          },
          {
            type: 'button',
            sub_type: 'copy_code',
            index: '2',
            parameters: [{ type: 'coupon_code', coupon_code: 'X' }],
          },
        ],
      },
    ],
    [
      'template with named values, of one line each',
      {
        type: 'template',
        name: 'n',
        language: 'en',
        header: { type: 'text', text: 'Oi\tAna' },
        body: [{ type: 'text', name: 'rua', text: ' Rua A \r\n\n nº 3       casa' }],
      },
      {
        name: 'n',
        language: { code: 'en' },
        components: [
          { type: 'header', parameters: [{ type: 'text', text: 'Oi Ana' }] },
          { type: 'body', parameters: [{ type: 'text', parameter_name: 'rua', text: ' Rua A nº 3    casa' }] },
        ],
      },
    ],
    [
      'template with a document of a link',
      {
        type: 'template',
        name: 'n',
        language: 'en',
        header: { type: 'document', link: 'https://x.test/a.pdf', fileName: 'conta.pdf' },
      },
      {
        name: 'n',
        language: { code: 'en' },
        components: [
          {
            type: 'header',
            parameters: [{ type: 'document', document: { link: 'https://x.test/a.pdf', filename: 'conta.pdf' } }],
          },
        ],
      },
    ],
  ])('%s', async (_name, content, expected) => {
    const server = await stub((_request, response) => respond(response, 200, ACCEPTED))
    expect(await send(gatewayTo(server.url), content)).toMatchObject({ ok: true })
    expect(server.seen[0]?.body).toMatchObject({ type: content.type, biz_opaque_callback_data: ID })
    expect(server.seen[0]?.body[content.type]).toEqual(expected)
  })

  test('the same message is the same bytes, and what is no number never leaves', async () => {
    const server = await stub((_request, response) => respond(response, 200, ACCEPTED))
    const gateway = gatewayTo(server.url)
    await send(gateway, undefined, '+5511955550101')
    await send(gateway)
    expect(JSON.stringify(server.seen[0]?.body)).toBe(JSON.stringify(server.seen[1]?.body))
    for (const to of ['', '+', '55 11 95555-0101', 'Ana', 'BR.1502576394655843', '5511955550101@s.whatsapp.net']) {
      expect(await send(gateway, undefined, to)).toMatchObject({
        ok: false,
        failure: { category: 'INVALID_NUMBER', fate: 'notSent', permanent: true },
      })
    }
    expect(server.seen).toHaveLength(2)
  })

  test.each<[string, number, unknown, Record<string, unknown>]>([
    [
      'a held template message is accepted',
      200,
      { messages: [{ id: WAMID, message_status: 'held_for_quality_assessment' }] },
      { ok: true, gatewayId: WAMID },
    ],
    ['one by username is accepted', 200, { contacts: [{ user_id: 'BR.1' }], messages: [{ id: WAMID }] }, { ok: true }],
    ['no id of a message', 200, { messages: [{}] }, { failure: { code: 'PROTOCOL', fate: 'maybe' } }],
    ['an empty id', 200, { messages: [{ id: '' }] }, { failure: { code: 'PROTOCOL', fate: 'maybe' } }],
    ['no messages', 200, { messages: [] }, { failure: { code: 'PROTOCOL', fate: 'maybe' } }],
    ['a list', 200, [ACCEPTED], { failure: { code: 'PROTOCOL', fate: 'maybe' } }],
    ['success and nothing else', 200, { success: true }, { failure: { code: 'PROTOCOL', fate: 'maybe' } }],
    [
      'an accepted message under an error status',
      500,
      ACCEPTED,
      { failure: { category: 'SERVER_BUSY', fate: 'maybe' } },
    ],
    [
      'an error of Graph',
      400,
      { error: { code: 131_026 } },
      { failure: { category: 'INVALID_NUMBER', fate: 'notSent', permanent: true } },
    ],
  ])('%s', async (_name, status, body, expected) => {
    const server = await stub((_request, response) => respond(response, status, body))
    expect(await send(gatewayTo(server.url))).toMatchObject(expected)
  })

  test.each(['', '<html>', '{', 'null', '7', '\uFFFE\u7B00'])('a 2xx with %j may have been sent', async (text) => {
    const server = await stub((_request, response) => response.writeHead(200).end(text))
    expect(await send(gatewayTo(server.url))).toMatchObject({
      failure: { category: 'API_ERROR', code: 'PROTOCOL', fate: 'maybe' },
    })
  })

  test('a redirect is not followed', async () => {
    const decoy = await stub((_request, response) => respond(response, 200, ACCEPTED))
    const server = await stub((_request, response) => response.writeHead(307, { location: decoy.url }).end())
    expect(await send(gatewayTo(server.url))).toMatchObject({ failure: { code: 'REDIRECT', fate: 'notSent' } })
    expect(decoy.seen).toEqual([])
  })

  test("limits are asked of the answer's own headers", async () => {
    const server = await stub((_request, response) =>
      response
        .writeHead(400, { 'retry-after': '7', 'content-type': 'application/json' })
        .end('{"error":{"code":130429}}'),
    )
    const outcome = await send(gatewayTo(server.url))
    expect(outcome).toMatchObject({ failure: { category: 'RATE_LIMIT', scope: 'channel' } })
    const wait = outcome.ok ? 0 : (outcome.failure.notBefore?.getTime() ?? 0) - Date.now()
    expect(Math.round(wait / 1000)).toBe(7)
  })

  test('no failure repeats the token', async () => {
    const server = await stub((request, response) =>
      respond(response, 400, { error: { code: 100, message: `saw ${String(request.headers.authorization)}` } }),
    )
    const outcome = await send(gatewayTo(server.url))
    expect(JSON.stringify(outcome)).toContain('[token]')
    expect(JSON.stringify(outcome)).not.toContain(TOKEN)
  })
})

describe('a request whose answer is lost', () => {
  const maybe = (code: string) => ({ ok: false, failure: { category: 'TIMEOUT', code, fate: 'maybe' } })

  test('by the deadline may have been sent', async () => {
    const server = await stub(() => {})
    expect(await send(gatewayTo(server.url, { deadlineMs: 150 }))).toMatchObject(maybe('DEADLINE'))
  })

  test('by a reset after it was written may have been sent', async () => {
    const server = await startRawStub((socket) => socket.resetAndDestroy())
    open.push(server)
    expect(await send(gatewayTo(server.url))).toMatchObject({ failure: { category: 'TIMEOUT', fate: 'maybe' } })
  })

  test('by our own abort may have been sent', async () => {
    const abort = new AbortController()
    const server = await stub(() => abort.abort())
    expect(await send(gatewayTo(server.url), undefined, undefined, abort.signal)).toMatchObject(maybe('ABORTED'))
  })

  test('before a connection was made was not sent', async () => {
    const gone = await startStub(() => {})
    await gone.close()
    expect(await send(gatewayTo(gone.url))).toMatchObject({
      failure: { category: 'SERVER_BUSY', code: 'ECONNREFUSED', fate: 'notSent', scope: 'channel' },
    })
  })
})

describe('status', () => {
  const answering = (main: unknown, rare: unknown = {}, status = 200) =>
    stub((request, response) =>
      request.path.includes('health_status') ? respond(response, 200, rare) : respond(response, status, main),
    )

  test.each<[string, unknown, unknown, Record<string, unknown>]>([
    [
      'connected',
      {
        status: 'CONNECTED',
        display_phone_number: '+55 11 3000-0000',
        quality_rating: 'GREEN',
        throughput: { level: 'STANDARD' },
      },
      { whatsapp_business_manager_messaging_limit: 'TIER_2K' },
      {
        connected: true,
        loggedIn: true,
        number: '551130000000',
        rating: { quality: 'GREEN', throughput: 'STANDARD', messagingLimit: 'TIER_2K' },
      },
    ],
    ['pending', { status: 'PENDING' }, {}, { connected: false, loggedIn: true, number: null }],
    ['without a status', { id: NUMBER }, {}, { connected: false, loggedIn: true }],
    [
      "connected, but blocked in Meta's own verdict",
      { status: 'CONNECTED' },
      { health_status: { can_send_message: 'BLOCKED' } },
      { connected: false, loggedIn: true },
    ],
    [
      'connected and limited',
      { status: 'CONNECTED' },
      { health_status: { can_send_message: 'LIMITED' } },
      { connected: true },
    ],
    [
      'connected, where rare fields are not known',
      { status: 'CONNECTED' },
      { error: { code: 100 } },
      { connected: true, rating: { messagingLimit: null } },
    ],
  ])('%s', async (_name, main, rare, expected) => {
    const server = await answering(main, rare)
    expect(await gatewayTo(server.url).status()).toMatchObject(expected)
    expect(
      server.seen.every(({ method, path }) => method === 'GET' && path.startsWith(`/v25.0/${NUMBER}?fields=`)),
    ).toBe(true)
  })

  test('a number that is deleted or not ours is an answer', async () => {
    const server = await answering({ error: { code: 100, error_subcode: 33 } }, {}, 400)
    expect(await gatewayTo(server.url).status()).toEqual({ connected: false, loggedIn: false, number: null })
  })

  test.each([
    [190, 401, 'UNAUTHORIZED'],
    [10, 403, 'UNAUTHORIZED'],
    [2, 503, 'SERVER_BUSY'],
    [4, 400, 'RATE_LIMIT'],
  ])('code %i is an error', async (code, status, category) => {
    const server = await answering({ error: { code } }, {}, status)
    const error: unknown = await gatewayTo(server.url)
      .status()
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(GatewayError)
    expect((error as GatewayError).failure).toMatchObject({ category, fate: 'notSent' })
  })

  test('a page instead of JSON is an error, and never a maybe', async () => {
    const server = await stub((_request, response) => response.writeHead(200).end('<html>'))
    const error: unknown = await gatewayTo(server.url)
      .status()
      .catch((thrown: unknown) => thrown)
    expect((error as GatewayError).failure).toMatchObject({ code: 'PROTOCOL', fate: 'notSent' })
  })
})

test("a repeat is a second message, no number can be checked, and the limits are Meta's", async () => {
  const gateway = gatewayTo('http://127.0.0.1:1', { deadlineMs: undefined })
  expect(gateway.isIdempotent).toBe(false)
  expect(gateway.limits).toEqual({ deadlineMs: 30_000, maxInFlight: 16, maxPerSecond: 40 })
  expect(await gateway.checkNumbers(['5511955550101'])).toEqual([])
})

test('a webhook without account or verify token is for a person to set up', async () => {
  const error: unknown = await gatewayTo('http://127.0.0.1:1')
    .registerWebhook('http://x.test', null)
    .catch((thrown: unknown) => thrown)
  expect((error as GatewayError).failure).toMatchObject({ code: 'WEBHOOK_BY_HAND', permanent: true })
})

test.each<[string, Partial<CloudApiOptions>]>([
  ['baseUrl', { baseUrl: 'graph.facebook.com' }],
  ['baseUrl', { baseUrl: 'ftp://graph.facebook.com' }],
  ['baseUrl', { baseUrl: 'https://user:pass@graph.facebook.com' }],
  ['version', { version: '25' }],
  ['version', { version: 'v25.0/../me' }],
  ['phoneNumberId', { phoneNumberId: '' }],
  ['phoneNumberId', { phoneNumberId: '106/../me' }],
  ['wabaId', { wabaId: 'x' }],
  ['token', { token: '' }],
  ['token', { token: 'two\nlines' }],
])('a %s that can never work is refused: %j', (field, options) => {
  const create = () => createCloudApiGateway({ phoneNumberId: NUMBER, token: TOKEN, ...options })
  expect(create).toThrow(AppError)
  expect(create).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED', details: { field } }) as Error)
})
