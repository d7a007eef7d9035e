import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorOf, TestSandbox } from './testSandbox.ts'
import type { ConnectionState } from './settings.ts'

let sandbox: TestSandbox
beforeAll(async () => {
  sandbox = await TestSandbox.start()
})
afterAll(() => sandbox.stop())

const TEXT = { Phone: '5511988887777', Body: 'Olá' }
const NO_DEVICE = "error sending message: the store doesn't contain a device JID"
const SOCKET_DOWN = 'websocket not connected'
const CHECK = 'failed to check if users are on WhatsApp: failed to send usync query: '
const UPLOAD = 'failed to upload file: failed to refresh media connections: failed to query media connections: '

/** What every call says in every state without a connection to send over. */
const REFUSALS: [ConnectionState, Record<'text' | 'audio' | 'check' | 'qr' | 'disconnect' | 'logout', string>][] = [
  [
    'registered-dead',
    {
      text: NO_DEVICE,
      audio: `${UPLOAD}${SOCKET_DOWN}`,
      check: `${CHECK}${SOCKET_DOWN}`,
      qr: 'not connected',
      disconnect: 'cannot disconnect because it is not logged in',
      logout: 'could not disconnect as it was not connected',
    },
  ],
  [
    'dropped',
    {
      text: `error sending message: failed to get user info for 5511988887777@s.whatsapp.net to fill LID cache: failed to send usync query: ${SOCKET_DOWN}`,
      audio: `${UPLOAD}${SOCKET_DOWN}`,
      check: `${CHECK}${SOCKET_DOWN}`,
      qr: 'not connected',
      disconnect: 'cannot disconnect because it is not logged in',
      logout: 'could not disconnect as it was not connected',
    },
  ],
  [
    'absent',
    {
      text: 'no session',
      audio: 'no session',
      check: 'no session',
      qr: 'no session',
      disconnect: 'no session',
      logout: 'no session',
    },
  ],
]

test.each(REFUSALS)('a number in state %s refuses each call in its own words', async (state, expected) => {
  const token = `state-${state}`
  const id = await sandbox.register(token)
  await sandbox.setState(id, { state })
  const Audio = 'data:audio/ogg;base64,AAAA'
  const said = {
    text: errorOf(await sandbox.call('POST', '/chat/send/text', { token, body: TEXT })),
    audio: errorOf(await sandbox.call('POST', '/chat/send/audio', { token, body: { ...TEXT, Audio } })),
    check: errorOf(await sandbox.call('POST', '/user/check', { token, body: { Phone: ['5511988887777'] } })),
    qr: errorOf(await sandbox.call('GET', '/session/qr', { token })),
    disconnect: errorOf(await sandbox.call('POST', '/session/disconnect', { token })),
    logout: errorOf(await sandbox.call('POST', '/session/logout', { token })),
  }
  expect(said).toEqual(expected)
})

test('a status always comes with 200 and has every field of the contract', async () => {
  const id = await sandbox.register('status')
  const answer = await sandbox.call('GET', '/session/status', { token: 'status' })
  expect(answer.text).toMatch(
    /^\{"code":200,"data":\{"connected":true,"events":"","history":"0","hmac_configured":false,"id":"/,
  )
  expect(answer.json).toMatchObject({ data: { connected: true, loggedIn: true, jid: /./, name: 'line status' } })
  const seen = []
  for (const state of ['qr', 'dropped', 'registered-dead', 'absent'] as const) {
    await sandbox.setState(id, { state })
    const { json, status } = await sandbox.call('GET', '/session/status', { token: 'status' })
    const { connected, loggedIn } = (json as { data: { connected: boolean; loggedIn: boolean } }).data
    seen.push([state, status, connected, loggedIn])
  }
  expect(seen).toEqual([
    ['qr', 200, true, false],
    ['dropped', 200, false, true],
    ['registered-dead', 200, false, false],
    ['absent', 200, false, false],
  ])
})

test('after a logout connect shows a code until somebody scans it', async () => {
  const id = await sandbox.register('pair', { autoPairMs: 0 })
  const token = 'pair'
  expect((await sandbox.call('POST', '/session/logout', { token })).json).toMatchObject({
    data: { Details: 'Logged out' },
  })
  expect(errorOf(await sandbox.call('POST', '/session/connect', { token, raw: '' }))).toBe('could not decode Payload')
  const body = { Subscribe: ['ReadReceipt', 'Nonsense', 'ReadReceipt'], Immediate: true }
  const connected = await sandbox.call('POST', '/session/connect', { token, body })
  expect(connected.json).toMatchObject({ data: { details: 'Connected!', events: 'ReadReceipt', jid: '' } })
  expect(errorOf(await sandbox.call('POST', '/session/connect', { token, body }))).toBe('already connected')
  expect((await sandbox.call('GET', '/session/qr', { token })).json).toMatchObject({
    data: { QRCode: expect.stringMatching(/^data:image\/png;base64,/) },
  })
  expect(errorOf(await sandbox.call('POST', '/chat/send/text', { token, body: TEXT }))).toBe(NO_DEVICE)
  expect(errorOf(await sandbox.call('POST', '/session/logout', { token }))).toBe(
    'could not logout as it was not logged in',
  )
  await sandbox.setState(id, { state: 'ready' })
  expect(errorOf(await sandbox.call('GET', '/session/qr', { token }))).toBe('already logged in')
  expect((await sandbox.call('POST', '/chat/send/text', { token, body: TEXT })).status).toBe(200)
})

test('a disconnected number stays paired, and connecting without Subscribe forgets its events', async () => {
  await sandbox.register('again', {}, { events: ['All'] })
  expect((await sandbox.call('POST', '/session/disconnect', { token: 'again' })).status).toBe(200)
  await sandbox.call('POST', '/session/connect', { token: 'again', body: { Immediate: true } })
  const { json } = await sandbox.call('GET', '/session/status', { token: 'again' })
  expect(json).toMatchObject({ data: { connected: true, loggedIn: true, events: '' } })
})

test('PUT /webhook without active clears it, and the events that were set come sorted out', async () => {
  const token = 'hook'
  await sandbox.register(token)
  const webhook = 'http://127.0.0.1:9/hook'
  expect(errorOf(await sandbox.call('POST', '/webhook', { token, raw: '' }))).toBe('could not decode payload')
  const set = await sandbox.call('POST', '/webhook', {
    token,
    body: { webhookurl: webhook, events: ['Message', 'Nonsense'] },
  })
  expect(set.json).toMatchObject({ data: { webhook } })
  expect((await sandbox.call('GET', '/webhook', { token })).json).toMatchObject({
    data: { subscribe: ['Message'], webhook },
  })
  await sandbox.call('PUT', '/webhook', { token, body: { webhook, events: ['All'] } })
  expect((await sandbox.call('GET', '/webhook', { token })).json).toMatchObject({
    data: { subscribe: [''], webhook: '' },
  })
})

test('the admin creates, lists, edits and removes numbers as in WuzAPI', async () => {
  const call = (method: string, path: string, body?: unknown) => sandbox.call(method, path, { admin: true, body })
  const hmacKey = 'k'.repeat(32)
  const wrongEvent = await call('POST', '/admin/users', { name: 'x', token: 'adm', events: 'Message,Nope' })
  expect(wrongEvent.json).toMatchObject({ code: 400, error: 'invalid event type', details: 'invalid event: Nope' })
  expect(errorOf(await call('POST', '/admin/users', { name: 'x', token: 'adm', hmacKey: 'short' }))).toMatch(
    /at least 32/,
  )
  const created = await call('POST', '/admin/users', { name: 'x', token: 'adm', events: 'Message', hmacKey })
  expect(created).toMatchObject({
    status: 201,
    json: { data: { events: 'Message', hmac_key: true, token: 'adm' }, success: true },
  })
  expect(created.text).not.toContain(hmacKey)
  expect(await call('POST', '/admin/users', { name: 'y', token: 'adm' })).toMatchObject({
    status: 409,
    json: { error: 'user with this token already exists' },
  })
  const { id } = (created.json as { data: { id: string } }).data
  expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect((await call('GET', `/admin/users/${id}`)).json).toMatchObject({
    data: [{ id, connected: true, loggedIn: true }],
  })
  expect((await call('GET', '/admin/users/unknown')).json).toMatchObject({ code: 200, data: [] })
  expect((await call('PUT', '/admin/users/unknown', { name: 'z' })).status).toBe(404)
  expect(errorOf(await call('PUT', `/admin/users/${id}`, {}))).toBe('no fields to update')
  expect((await call('PUT', `/admin/users/${id}`, { name: 'z' })).json).toMatchObject({
    message: 'user updated successfully',
  })
  expect((await call('DELETE', `/admin/users/${id}`)).json).toMatchObject({ details: 'user deleted successfully' })
  const ofDeleted = await sandbox.call('GET', '/session/status', { token: 'adm' })
  expect(ofDeleted.status).toBe(200)
  expect((await call('DELETE', `/admin/users/${id}/full`)).status).toBe(404)
})

test('a number that is removed in full loses its token at once', async () => {
  const id = await sandbox.register('gone')
  expect((await sandbox.call('DELETE', `/admin/users/${id}/full`, { admin: true })).status).toBe(200)
  expect((await sandbox.call('GET', '/session/status', { token: 'gone' })).status).toBe(401)
})

test('a check can leave out rows, turn their order, or answer null', async () => {
  await sandbox.register('check', { checkShuffled: true, checkMissing: 0.4 })
  const Phone = Array.from({ length: 40 }, (_, i) => `55119${95_000_000 + i}`)
  const { json } = await sandbox.call('POST', '/user/check', { token: 'check', body: { Phone } })
  const asked = (json as { data: { Users: { Query: string }[] } }).data.Users.map((row) => row.Query)
  expect(asked.length).toBeGreaterThan(10)
  expect(asked.length).toBeLessThan(40)
  expect(asked).toEqual(Phone.filter((phone) => asked.includes(phone)).toReversed())
  await sandbox.register('check', { checkMissing: 1 })
  const none = await sandbox.call('POST', '/user/check', { token: 'check', body: { Phone } })
  expect(none.json).toMatchObject({ data: { Users: null } })
})

test('the old generation capitalises its errors and writes the time as text', async () => {
  const id = await sandbox.register('old', { profile: 'A' })
  const sent = await sandbox.sendText('old', { Phone: '5511988887777' })
  expect(sent.json).toMatchObject({ data: { Timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) } })
  expect((await sandbox.call('GET', '/session/status', { token: 'old' })).json).toMatchObject({
    data: { Connected: true, LoggedIn: true },
  })
  await sandbox.setState(id, { state: 'absent' })
  expect(errorOf(await sandbox.call('GET', '/session/status', { token: 'old' }))).toBe('No session')
})

test('a setting that does not exist or is out of range is refused with its name', async () => {
  const id = await sandbox.register('strict')
  const path = `/sandbox/users/${id}/behaviour`
  expect(errorOf(await sandbox.call('PATCH', path, { admin: true, body: { read: 2 } }))).toMatch(/^read: /)
  expect((await sandbox.call('PATCH', path, { admin: true, body: { nope: 1 } })).status).toBe(400)
  expect((await sandbox.call('PATCH', '/sandbox/users/nobody/behaviour', { admin: true, body: {} })).status).toBe(404)
  const changed = await sandbox.call('PATCH', path, { admin: true, body: { read: 1 } })
  expect(changed.json).toMatchObject({ read: 1, delivered: 0 })
})
