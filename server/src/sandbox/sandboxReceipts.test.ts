import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readBody } from './goAnswers.ts'
import { TestSandbox } from './testSandbox.ts'

type Received = { raw: string; type: string; signature: string | undefined }
type Receipt = {
  type: string
  state: string
  userID: string
  instanceName: string
  event: { MessageIDs: string[]; Type: string }
}

const KEY = '0123456789abcdef0123456789abcdef'
const SOON = {
  deliveredDelayMinMs: 0,
  deliveredDelayMaxMs: 0,
  readDelayMinMs: 0,
  readDelayMaxMs: 0,
  webhookRetryMs: 10,
}

let sandbox: TestSandbox
let hook: Server
let url: string
let received: Received[]
/** What the receiver answers, call by call; 200 when there is nothing left. `hang` never answers. */
let answers: (number | 'hang')[]

beforeAll(async () => {
  sandbox = await TestSandbox.start()
})
afterAll(() => sandbox.stop())

beforeEach(async () => {
  received = []
  answers = []
  hook = createServer((request, response) => {
    readBody(request, (body) => {
      const signature = request.headers['x-hmac-signature']
      const type = request.headers['content-type'] ?? ''
      received.push({ raw: body.toString(), type, signature: typeof signature === 'string' ? signature : undefined })
      const answer = answers.shift() ?? 200
      if (answer !== 'hang') response.writeHead(answer).end()
      hook.emit('received')
    })
  }).listen(0, '127.0.0.1')
  await once(hook, 'listening')
  url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`
})
afterEach(() => {
  hook.closeAllConnections()
  hook.close()
})

test('an accepted message is reported delivered and read, signed over the bytes that arrive', async () => {
  const id = await sandbox.register('both', { ...SOON, delivered: 1, read: 1 }, hooked({ hmacKey: KEY }))
  await sandbox.sendText('both', { Phone: '5511988887777', Id: 'R1' })
  await arrived(2)
  const receipts = received.map(readJson)
  expect(receipts.map((receipt) => `${receipt.state} ${receipt.event.Type}`).sort()).toEqual([
    'Delivered ',
    'Read read',
  ])
  for (const receipt of receipts) {
    expect(receipt).toMatchObject({
      type: 'ReadReceipt',
      userID: id,
      instanceName: 'line both',
      event: { MessageIDs: ['R1'] },
    })
  }
  for (const { raw, signature } of received) expect(signature).toBe(createHmac('sha256', KEY).update(raw).digest('hex'))
  expect(received.map((call) => call.raw).join()).not.toContain('token')
})

test('as a form the event is text inside a field, and the signature is over the form', async () => {
  await sandbox.register('form', { ...SOON, delivered: 1, read: 0, webhookFormat: 'form' }, hooked({ hmacKey: KEY }))
  await sandbox.sendText('form', { Phone: '5511988887777', Id: 'F1' })
  await arrived(1)
  const [call] = received
  expect(call?.type).toBe('application/x-www-form-urlencoded')
  expect(call?.signature).toBe(
    createHmac('sha256', KEY)
      .update(call?.raw ?? '')
      .digest('hex'),
  )
  const form = new URLSearchParams(call?.raw)
  expect([...form.keys()]).toEqual(['instanceName', 'jsonData', 'userID'])
  expect(JSON.parse(form.get('jsonData') ?? '')).toMatchObject({ type: 'ReadReceipt', state: 'Delivered' })
})

test('a refused webhook is tried five times in all, then given up', async () => {
  await sandbox.register('retry', { ...SOON, delivered: 1, read: 0 }, hooked())
  answers = [500, 500, 302, 404, 500]
  await sandbox.sendText('retry', { Phone: '5511988887777' })
  await arrived(5)
  await sandbox.sendText('retry', { Phone: '5511988887777', Id: 'NEXT' })
  await arrived(6)
  expect(readJson(received[5]!).event.MessageIDs).toEqual(['NEXT'])
  expect((await sandbox.call('GET', '/sandbox/stats', { admin: true })).json).toMatchObject({
    webhooksWaiting: 0,
    lost: 1,
  })
})

test('receipts that fall due together share calls, and every id comes once', async () => {
  await sandbox.register('many', { ...SOON, delivered: 1, read: 0, maxInFlight: 64, receiptBatch: 10 }, hooked())
  const ids = Array.from({ length: 200 }, (_, i) => `M${i}`)
  await Promise.all(ids.map((Id) => sandbox.sendText('many', { Phone: '5511988887777', Id })))
  const seen = (): string[] => received.flatMap((call) => readJson(call).event.MessageIDs)
  while (seen().length < 200) await once(hook, 'received')
  expect(seen().toSorted()).toEqual(ids.toSorted())
  expect(received.length).toBeLessThan(200)
  expect(Math.max(...received.map((call) => readJson(call).event.MessageIDs.length))).toBeLessThanOrEqual(10)
})

test('a receiver that never answers does not hold up the sends', async () => {
  await sandbox.register('stuck', { ...SOON, delivered: 1, read: 1, maxInFlight: 64, receiptBatch: 1 }, hooked())
  answers = Array.from({ length: 100 }, () => 'hang' as const)
  const sends = Array.from({ length: 300 }, (_, i) =>
    sandbox.sendText('stuck', { Phone: '5511988887777', Id: `K${i}` }),
  )
  expect((await Promise.all(sends)).every((answer) => answer.status === 200)).toBe(true)
  await arrived(1)
  expect((await sandbox.sendText('stuck', { Phone: '5511988887777' })).status).toBe(200)
})

test('only subscribed events are delivered, and a repeated id is reported once', async () => {
  const id = await sandbox.register(
    'filter',
    { ...SOON, delivered: 1, read: 0 },
    { webhookUrl: url, events: ['Connected'] },
  )
  await sandbox.sendText('filter', { Phone: '5511988887777', Id: 'X' })
  await sandbox.register('filter', {}, { webhookUrl: url, events: ['ReadReceipt', 'Disconnected', 'LoggedOut'] })
  await sandbox.register('filter', { delivered: 1 })
  await sandbox.sendText('filter', { Phone: '5511988887777', Id: 'X' })
  await sandbox.sendText('filter', { Phone: '5511988887777', Id: 'Y' })
  await arrived(1)
  await sandbox.setState(id, { state: 'dropped' })
  await arrived(2)
  await sandbox.setState(id, { state: 'ready' })
  await sandbox.setState(id, { state: 'absent', event: 'LoggedOut' })
  await arrived(3)
  const events = received.map(readJson)
  expect(events.map((event) => event.type)).toEqual(['ReadReceipt', 'Disconnected', 'LoggedOut'])
  expect(events[0]?.event.MessageIDs).toEqual(['Y'])
  expect(events[2]?.event).toEqual({ OnConnect: true, Reason: 401 })
})

test('a key from the creation of the number signs nothing until it is configured', async () => {
  const body = { name: 'late', token: 'late', webhook: url, events: 'All', hmacKey: KEY }
  const { json } = await sandbox.call('POST', '/admin/users', { admin: true, body })
  const { id } = (json as { data: { id: string } }).data
  await sandbox.setState(id, { state: 'dropped' })
  await arrived(1)
  expect(
    (await sandbox.call('POST', '/session/hmac/config', { token: 'late', body: { hmac_key: 'short' } })).status,
  ).toBe(400)
  const configured = await sandbox.call('POST', '/session/hmac/config', { token: 'late', body: { hmac_key: KEY } })
  expect(configured.text).toBe('{"Details":"HMAC configuration saved successfully"}\n')
  await sandbox.setState(id, { state: 'ready' })
  await arrived(2)
  expect(received.map((call) => call.signature !== undefined)).toEqual([false, true])
})

test('setting a webhook without events silences it although the list is still shown', async () => {
  const id = await sandbox.register('trap', SOON, hooked())
  await sandbox.call('POST', '/webhook', { token: 'trap', body: { webhookurl: url } })
  expect((await sandbox.call('GET', '/webhook', { token: 'trap' })).json).toMatchObject({
    data: { subscribe: ['All'] },
  })
  await sandbox.setState(id, { state: 'dropped' })
  await sandbox.call('POST', '/webhook', { token: 'trap', body: { webhookurl: url, events: ['All'] } })
  await sandbox.setState(id, { state: 'ready' })
  await arrived(1)
  expect(received.map((call) => readJson(call).type)).toEqual(['Connected'])
})

function hooked(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { webhookUrl: url, events: ['All'], ...more }
}

async function arrived(count: number): Promise<void> {
  while (received.length < count) await once(hook, 'received')
}

function readJson({ raw }: Received): Receipt {
  return JSON.parse(raw) as Receipt
}
