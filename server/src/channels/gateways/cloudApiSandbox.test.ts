import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { APP_SECRET, TestCloud, TestHook, type TestNumber } from '#server/sandbox/cloud/testCloud.ts'
import type { CloudBehaviour } from '#server/sandbox/cloud/cloudSettings.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { createCloudApiGateway, type CloudApiOptions } from './cloudApi.ts'
import { parseCloudWebhook, verifyCloudSignature } from './cloudApiWebhook.ts'
import { GatewayError, type Gateway, type GatewayEvent, type OutgoingContent, type SendFailure } from './Gateway.ts'

const ID = '3EB0A1B2C3D4E5F60718AB'
const ANA = '5511955550101'
const TEXT = { type: 'text', text: 'Olá' } as const

let sandbox: TestSandbox
let cloud: TestCloud
let hook: TestHook
const open: Gateway[] = []

beforeAll(async () => {
  sandbox = await TestSandbox.start()
  cloud = new TestCloud(sandbox)
})
afterAll(() => sandbox.stop())
beforeEach(async () => {
  hook = await TestHook.start()
})
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
  await hook.close()
})

function gatewayOf(number: TestNumber, options: Partial<CloudApiOptions> = {}): Gateway {
  const gateway = createCloudApiGateway({
    baseUrl: sandbox.url,
    phoneNumberId: number.id,
    token: number.token,
    deadlineMs: 3000,
    ...options,
  })
  open.push(gateway)
  return gateway
}

async function connect(behaviour: CloudBehaviour = {}): Promise<{ number: TestNumber; gateway: Gateway }> {
  const number = await cloud.register(behaviour, { webhookUrl: hook.url })
  return { number, gateway: gatewayOf(number) }
}

/** What the product would make of all webhooks so far; a call whose signature does not fit makes the test fail. */
function events(): GatewayEvent[] {
  return hook.calls.flatMap(({ raw, signature }) => {
    expect(verifyCloudSignature(raw, signature, APP_SECRET)).toBe(true)
    return parseCloudWebhook(raw)
  })
}

async function failureOf(call: Promise<unknown>): Promise<SendFailure> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(GatewayError)
  return (error as GatewayError).failure
}

test('a message is accepted, and sent, delivered and read come back under our id', async () => {
  const { number, gateway } = await connect({ delivered: 1, read: 1, statusBatch: 1 })
  const outcome = await gateway.send({ id: ID, to: ANA, content: TEXT })
  const [line] = await number.ledger('accepted')
  expect(outcome).toEqual({ ok: true, gatewayId: line?.wamid })
  expect(line).toMatchObject({ number: ANA, messageId: ID })
  await hook.waitForStatuses(3)
  const receipts = events()
  expect(new Set(receipts.map((event) => (event.type === 'receipt' ? event.state : '')))).toEqual(
    new Set(['delivered', 'read', 'sent']),
  )
  for (const receipt of receipts) expect(receipt).toMatchObject({ messageIds: [ID], gatewayId: line?.wamid })
})

test('a message whose answer is lost is resolved by its webhook', async () => {
  const { number, gateway } = await connect()
  await number.setScript({ [ANA]: [{ kind: 'resetAfterAccept' }] })
  expect(await gateway.send({ id: ID, to: ANA, content: TEXT })).toMatchObject({
    ok: false,
    failure: { category: 'TIMEOUT', fate: 'maybe' },
  })
  await hook.waitForStatuses(1)
  expect(events()).toMatchObject([{ type: 'receipt', state: 'sent', messageIds: [ID] }])
})

test('a person who is not there is found out after the message was accepted', async () => {
  const { gateway } = await connect({ faults: [{ code: 131_026, share: 1, when: 'webhook' }] })
  expect(await gateway.send({ id: ID, to: ANA, content: TEXT })).toMatchObject({ ok: true })
  await hook.waitForStatuses(1)
  expect(events()).toMatchObject([
    {
      state: 'failed',
      messageIds: [ID],
      failure: { category: 'INVALID_NUMBER', code: 'META_131026', permanent: true },
    },
  ])
})

test.each<[number, Partial<SendFailure>]>([
  [130_429, { category: 'RATE_LIMIT', scope: 'channel', permanent: false }],
  [80_007, { category: 'RATE_LIMIT', scope: 'channel' }],
  [4, { category: 'RATE_LIMIT', scope: 'channel' }],
  [131_056, { category: 'RATE_LIMIT', scope: 'recipient' }],
  [131_026, { category: 'INVALID_NUMBER', permanent: true }],
  [131_048, { category: 'RATE_LIMIT', scope: 'channel', permanent: true }],
  [190, { category: 'UNAUTHORIZED', scope: 'channel' }],
  [0, { category: 'UNAUTHORIZED', scope: 'channel' }],
  [10, { category: 'UNAUTHORIZED', scope: 'channel' }],
  [368, { category: 'RATE_LIMIT', scope: 'channel', permanent: true }],
  [131_047, { category: 'API_ERROR', permanent: true }],
  [132_001, { category: 'API_ERROR', permanent: true }],
  [987_654, { category: 'API_ERROR', permanent: true }],
])("Meta's %i in an answer", async (code, expected) => {
  const { number, gateway } = await connect()
  await number.setScript({ [ANA]: [{ kind: 'error', code }] })
  expect(await gateway.send({ id: ID, to: ANA, content: TEXT })).toMatchObject({
    ok: false,
    failure: { ...expected, code: `META_${code}`, fate: 'notSent' },
  })
})

test('when a limit is free again is read from the usage header', async () => {
  const { number, gateway } = await connect()
  await number.setScript({ [ANA]: [{ kind: 'error', code: 80_007, regainMinutes: 3 }] })
  const outcome = await gateway.send({ id: ID, to: ANA, content: TEXT })
  const waitMs = outcome.ok ? 0 : (outcome.failure.notBefore?.getTime() ?? 0) - Date.now()
  expect(Math.round(waitMs / 1000)).toBe(180)
})

describe('media', () => {
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(1_000_000, 1)])
  const image = (bytes: Uint8Array, mimeType = 'image/png'): OutgoingContent => ({
    type: 'image',
    bytes,
    mimeType,
    caption: 'Menu',
  })
  const mediaOf = async (number: TestNumber) => ((await number.control('GET', '')) as { media: number }).media

  test('are uploaded once, however many messages need them at the same time', async () => {
    const { number, gateway } = await connect({ messagesPerSecond: 0 })
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, n) => gateway.send({ id: `id-${n}`, to: ANA, content: image(png) })),
    )
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    expect(await gateway.send({ id: ID, to: ANA, content: image(Buffer.from(png)) })).toMatchObject({ ok: true })
    expect(await mediaOf(number)).toBe(1)
    expect((await number.ledger('accepted')).every(({ type }) => type === 'image')).toBe(true)
  })

  test('other bytes or another type are another file, and a number has its own', async () => {
    const { number, gateway } = await connect()
    await gateway.send({ id: 'a', to: ANA, content: image(png) })
    await gateway.send({ id: 'b', to: ANA, content: image(png.subarray(0, 100)) })
    await gateway.send({ id: 'c', to: ANA, content: image(png, 'image/jpeg') })
    expect(await mediaOf(number)).toBe(3)
    const other = await cloud.register()
    expect(await gatewayOf(other).send({ id: 'd', to: ANA, content: image(png) })).toMatchObject({ ok: true })
    expect(await mediaOf(other)).toBe(1)
  })

  test('are in the header of a template', async () => {
    const { number, gateway } = await connect()
    const content: OutgoingContent = {
      type: 'template',
      name: 'spring',
      language: 'pt_BR',
      header: {
        type: 'document',
        bytes: Buffer.from('%PDF'),
        mimeType: 'application/pdf',
        fileName: 'conta "março".pdf',
      },
    }
    expect(await gateway.send({ id: ID, to: ANA, content })).toMatchObject({ ok: true })
    expect(await mediaOf(number)).toBe(1)
  })

  test('that Meta will not have fail for good, and are not uploaded again for everybody', async () => {
    const { number, gateway } = await connect()
    const refused = {
      ok: false,
      failure: { category: 'API_ERROR', code: 'META_100', permanent: true, fate: 'notSent' },
    }
    const content = image(Buffer.from('x'), 'image/tiff')
    expect(await gateway.send({ id: 'a', to: ANA, content })).toMatchObject(refused)
    await number.control('POST', '/state', { tokenRevoked: true })
    expect(await gateway.send({ id: 'b', to: ANA, content })).toMatchObject(refused)
    expect(await number.ledger()).toEqual([])
  })

  test('whose upload fails otherwise are uploaded by the next message', async () => {
    const { number, gateway } = await connect()
    await number.control('POST', '/state', { tokenRevoked: true })
    expect(await gateway.send({ id: 'a', to: ANA, content: image(png) })).toMatchObject({
      failure: { category: 'UNAUTHORIZED', scope: 'channel', fate: 'notSent' },
    })
    await number.control('POST', '/state', { tokenRevoked: false })
    expect(await gateway.send({ id: 'b', to: ANA, content: image(png) })).toMatchObject({ ok: true })
  })

  test('that are still being uploaded at the deadline, or when we stop, were not sent', async () => {
    const number = await cloud.register()
    const slow = await TestHook.start()
    try {
      // Takes the bytes and never answers: the upload goes on until the gateway is closed.
      const gateway = gatewayOf(number, { baseUrl: `${slow.url}/hang`, deadlineMs: 150 })
      slow.hang = true
      expect(await gateway.send({ id: 'a', to: ANA, content: image(png) })).toMatchObject({
        failure: { category: 'TIMEOUT', code: 'UPLOAD_SLOW', fate: 'notSent' },
      })
      const abort = new AbortController()
      const waiting = gateway.send({ id: 'b', to: ANA, content: image(png) }, abort.signal)
      abort.abort()
      expect(await waiting).toMatchObject({ failure: { code: 'ABORTED', fate: 'notSent' } })
      expect(await gateway.send({ id: 'c', to: ANA, content: image(png) }, abort.signal)).toMatchObject({
        failure: { code: 'ABORTED', fate: 'notSent' },
      })
    } finally {
      await slow.close()
    }
  })
})

describe('status', () => {
  test('is ready when Meta says connected and would send', async () => {
    const { number, gateway } = await connect()
    expect(await gateway.status()).toEqual({
      connected: true,
      loggedIn: true,
      number: '551130000000',
      rating: { quality: 'GREEN', throughput: 'STANDARD', messagingLimit: 'TIER_2K' },
    })
    await number.control('POST', '/state', { canSend: 'BLOCKED' })
    expect(await gateway.status()).toMatchObject({ connected: false, loggedIn: true })
    await number.control('POST', '/state', { canSend: 'AVAILABLE', status: 'BANNED', quality: 'RED' })
    expect(await gateway.status()).toMatchObject({ connected: false, rating: { quality: 'RED' } })
  })

  test('with a token that was revoked is an error, with a number that is not there an answer', async () => {
    const { number, gateway } = await connect()
    expect(await gatewayOf(number, { phoneNumberId: '99999999' }).status()).toEqual({
      connected: false,
      loggedIn: false,
      number: null,
    })
    await number.control('POST', '/state', { tokenRevoked: true })
    expect(await failureOf(gateway.status())).toMatchObject({ category: 'UNAUTHORIZED', scope: 'channel' })
  })
})

describe('the webhook', () => {
  test('is registered once our address repeats the challenge', async () => {
    const number = await cloud.register({ delivered: 0 })
    const gateway = gatewayOf(number, { wabaId: number.wabaId, verifyToken: hook.verifyToken })
    await gateway.registerWebhook(hook.url, null)
    await gateway.send({ id: ID, to: ANA, content: TEXT })
    await hook.waitForStatuses(1)
    expect(events()).toMatchObject([{ state: 'sent', messageIds: [ID] }])
  })

  test('is refused where it does not', async () => {
    const number = await cloud.register()
    const gateway = gatewayOf(number, { wabaId: number.wabaId, verifyToken: 'another' })
    expect(await failureOf(gateway.registerWebhook(hook.url, null))).toMatchObject({
      category: 'API_ERROR',
      code: 'META_100',
      permanent: true,
    })
  })
})
