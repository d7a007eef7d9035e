import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SandboxSettings } from './settings.ts'
import { errorOf, TestSandbox } from './testSandbox.ts'

let sandbox: TestSandbox
beforeAll(async () => {
  sandbox = await TestSandbox.start()
})
afterAll(() => sandbox.stop())

const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII='

test('an unknown token is refused before anything else is looked at', async () => {
  const answer = await sandbox.call('POST', '/chat/send/text', { token: 'nobody', raw: '{broken' })
  expect(answer.status).toBe(401)
  expect(answer.text).toBe('{"code":401,"error":"unauthorized","success":false}\n')
  expect((await sandbox.call('GET', '/session/status')).status).toBe(401)
  expect((await sandbox.call('GET', '/admin/users')).text).toBe(answer.text)
  expect((await sandbox.call('GET', '/sandbox/ledger')).status).toBe(401)
})

test('unknown paths and wrong methods get the text of the file server', async () => {
  for (const [method, path] of [
    ['GET', '/nothing'],
    ['GET', '/chat/send/text'],
    ['POST', '/chat/send/template'],
  ] as const) {
    const answer = await sandbox.call(method, path)
    expect([answer.status, answer.text]).toEqual([404, '404 page not found\n'])
    expect(answer.headers['content-type']).toContain('text/plain')
  }
})

test('without a client any body gets "no session", and after that the checks come in order', async () => {
  const id = await sandbox.register('order')
  await sandbox.setState(id, { state: 'absent' })
  expect(errorOf(await sandbox.call('POST', '/chat/send/text', { token: 'order', raw: '{broken' }))).toBe('no session')
  await sandbox.setState(id, { state: 'ready' })
  const cases: [string, number, string][] = [
    ['', 400, 'could not decode Payload'],
    ['{broken', 400, 'could not decode Payload'],
    ['{"Phone":5511}', 400, 'could not decode Payload'],
    ['{}', 400, 'missing Phone in Payload'],
    ['{"Phone":"@s.whatsapp.net"}', 400, 'missing Body in Payload'],
    ['{"Phone":"@s.whatsapp.net","Body":"x"}', 400, 'could not parse Phone'],
  ]
  for (const [raw, status, error] of cases) {
    const answer = await sandbox.call('POST', '/chat/send/text', { token: 'order', raw })
    expect([answer.status, errorOf(answer)]).toEqual([status, error])
  }
  expect(await sandbox.summary(id)).toMatchObject({ read: 7, accepted: 0 })
})

test('a text is answered as Go writes it and is in the ledger with the hash of its bytes', async () => {
  const id = await sandbox.register('plain')
  const raw = '{"phone":"+5511988887777","BODY":"Olá <b>","Id":"3EB0<A&1>"}'
  const answer = await sandbox.call('POST', '/chat/send/text', { token: 'plain', raw })
  expect(answer.text).toMatch(
    /^\{"code":200,"data":\{"Details":"Sent","Id":"3EB0\\u003cA\\u00261\\u003e","Timestamp":\d{10}\},"success":true\}\n$/,
  )
  const lines = await sandbox.ledger(id)
  expect(lines.map((line) => line.kind)).toEqual(['read', 'accepted'])
  expect(lines[1]).toMatchObject({
    user: id,
    number: '5511988887777',
    messageId: '3EB0<A&1>',
    type: 'text',
    verdict: 'sent',
  })
  expect(lines[1]?.bodySha256).toBe(createHash('sha256').update(raw).digest('hex'))
})

test('a message without an id gets one that looks like WhatsApp Web', async () => {
  await sandbox.register('noid')
  const { json } = await sandbox.sendText('noid', { Phone: '5511988887777' })
  expect((json as { data: { Id: string } }).data.Id).toMatch(/^3EB0[0-9A-F]{18}$/)
})

test('media is refused as WuzAPI refuses it', async () => {
  await sandbox.register('media')
  const cases: [string, Record<string, string>, number, string][] = [
    ['image', {}, 400, 'missing Image in Payload'],
    ['image', { Image: 'AAAA' }, 400, 'Image data should start with "data:image/png;base64,"'],
    ['image', { Image: 'data:image/png;base64,!!!!' }, 400, 'could not decode base64 encoded data from payload'],
    [
      'image',
      { Image: 'data:image/png;base64,AAAA' },
      500,
      'could not decode image for thumbnail preparation: image: unknown format',
    ],
    [
      'image',
      { Image: 'http://127.0.0.1/a.png' },
      400,
      "failed to fetch image from url: ssrf attempt detected: host '127.0.0.1' resolves to one or more private IP addresses",
    ],
    ['video', { Video: 'nope' }, 400, 'data should start with "data:mime/type;base64,"'],
    ['audio', { Audio: 'data:video/mp4;base64,AAAA' }, 400, 'audio data should start with "data:audio/"'],
    ['document', { Document: 'data:application/octet-stream;base64,AAAA' }, 400, 'missing FileName in Payload'],
    [
      'document',
      { Document: 'data:application/pdf;base64,AAAAAAAAAAAA', FileName: 'a' },
      400,
      'document data should start with "data:application/octet-stream;base64,"',
    ],
  ]
  for (const [type, body, status, error] of cases) {
    const answer = await sandbox.call('POST', `/chat/send/${type}`, {
      token: 'media',
      body: { Phone: '5511988887777', ...body },
    })
    expect([answer.status, errorOf(answer)]).toEqual([status, error])
  }
  const body = { Phone: '5511988887777', Image: PNG }
  expect((await sandbox.call('POST', '/chat/send/image', { token: 'media', body })).status).toBe(200)
})

test('a document that is too short makes the handler panic: the connection closes without an answer', async () => {
  await sandbox.register('panic')
  const body = { Phone: '5511988887777', Document: 'data:', FileName: 'a' }
  await expect(sandbox.call('POST', '/chat/send/document', { token: 'panic', body })).rejects.toThrow()
})

test('a repeated id is answered with 200 again and reaches the recipient once', async () => {
  const id = await sandbox.register('twice')
  for (const Body of ['a', 'a', 'b']) {
    expect((await sandbox.sendText('twice', { Phone: '5511988887777', Id: 'SAME', Body })).status).toBe(200)
  }
  const accepted = await sandbox.ledger(id, 'accepted')
  expect(accepted.map((line) => [line.duplicate, line.bodyChanged])).toEqual([
    [undefined, undefined],
    [true, undefined],
    [true, true],
  ])
  const counts = { read: 3, accepted: 3, distinctAccepted: 1, duplicates: 2, changedBodies: 1, recipients: 1 }
  expect(await sandbox.summary(id)).toEqual(counts)
})

test('the same numbers are always out, by send and by check, with and without the ninth digit', async () => {
  const id = await sandbox.register('out', { notOnWhatsapp: 0.3, maxInFlight: 64 })
  const numbers = Array.from({ length: 200 }, (_, i) => `55119${98_000_000 + i * 7}`)
  const answers = await Promise.all(numbers.map((Phone) => sandbox.sendText('out', { Phone })))
  const out = numbers.filter((_, i) => answers[i]?.status === 500)
  expect(out.length).toBeGreaterThan(35)
  expect(out.length).toBeLessThan(85)
  const [refused] = answers.filter((answer) => answer.status === 500)
  expect(errorOf(refused!)).toBe(`error sending message: no LID found for ${out[0]}@s.whatsapp.net from server`)
  for (const short of [false, true]) {
    const Phone = numbers.map((number) => (short ? number.replace(/^(55\d\d)9/, '$1') : number))
    const { json } = await sandbox.call('POST', '/user/check', { token: 'out', body: { Phone } })
    const rows = (json as { data: { Users: { IsInWhatsapp: boolean }[] } }).data.Users
    expect(rows.map((row) => row.IsInWhatsapp)).toEqual(numbers.map((number) => !out.includes(number)))
  }
  expect(await sandbox.summary(id)).toMatchObject({ accepted: 200 - out.length })
})

test('a message of the unlucky share fails once, and one whose answer is lost was delivered', async () => {
  const id = await sandbox.register('flaky', { transientErrors: 1, maxInFlight: 64 })
  const messages = Array.from({ length: 60 }, (_, i) => ({ Phone: `55119${97_000_000 + i}`, Id: `FLAKY${i}` }))
  const first = await Promise.all(messages.map((message) => sandbox.sendText('flaky', message)))
  const second = await Promise.all(messages.map((message) => sandbox.sendText('flaky', message)))
  expect(first.every((answer) => answer.status === 500)).toBe(true)
  expect(second.every((answer) => answer.status === 200)).toBe(true)
  const lost = first.filter(
    (answer) => errorOf(answer) === 'error sending message: timed out waiting for message send response',
  )
  expect(lost.length).toBeGreaterThan(0)
  expect(new Set(first.map(errorOf)).size).toBe(4)
  expect(await sandbox.summary(id)).toMatchObject({ distinctAccepted: 60, duplicates: lost.length })
})

test('above its limit a number is told 429, inside the error text', async () => {
  await sandbox.register('limited', { rateLimitPerMinute: 3 })
  const answers = []
  for (let i = 0; i < 5; i++) answers.push(await sandbox.sendText('limited', { Phone: '5511988887777', Id: `R${i}` }))
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 500, 500])
  expect(errorOf(answers[4]!)).toBe('error sending message: server returned error 429')
})

test('sends of one number queue behind each other unless more are allowed', async () => {
  const serial = await sendFive('serial', { latencyMinMs: 30, latencyMaxMs: 30 })
  const gaps = serial.slice(1).map((at, i) => at - (serial[i] ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(28)
  const wide = await sendFive('wide', { latencyMinMs: 300, latencyMaxMs: 300, maxInFlight: 8 })
  expect((wide[4] ?? 0) - (wide[0] ?? 0)).toBeLessThan(300)
})

/** When each of five sends that came together was accepted. */
async function sendFive(token: string, behaviour: SandboxSettings): Promise<number[]> {
  const id = await sandbox.register(token, behaviour)
  await Promise.all(Array.from({ length: 5 }, () => sandbox.sendText(token, { Phone: '5511988887777' })))
  return (await sandbox.ledger(id, 'accepted')).map((line) => Date.parse(line.t))
}

test('a number that a message has reached is not called absent when the message comes again', async () => {
  const id = await sandbox.register('reached')
  const absent = { kind: 'error' as const, error: 'no LID found for 5511900000001@s.whatsapp.net from server' }
  await sandbox.setScript(id, { '*': [{ kind: 'sent' }, absent, absent] })
  const send = (Id: string) => sandbox.sendText('reached', { Phone: '5511900000001', Id })
  expect((await send('R1')).status).toBe(200)
  expect((await send('R1')).status).toBe(200)
  expect((await send('R2')).status).toBe(500)
})

test('a script decides what the next sends to a number get, one after the other', async () => {
  const id = await sandbox.register('script')
  const Phone = '5511988887777'
  await sandbox.setScript(id, {
    [Phone]: [
      { kind: 'error', error: 'server returned error 463' },
      { kind: 'answer', status: 429, body: 'slow down', contentType: 'text/plain', retryAfter: '7' },
      { kind: 'answer', status: 200, body: '', accept: true },
      { kind: 'resetBeforeAnswer' },
      { kind: 'resetAfterAccept' },
      { kind: 'drip', everyMs: 1 },
    ],
    '*': [{ kind: 'error', error: 'server returned error 403' }],
  })
  const send = (n: number) => sandbox.sendText('script', { Phone, Id: `S${n}` })
  expect(errorOf(await send(1))).toBe('error sending message: server returned error 463')
  const limited = await send(2)
  expect([limited.status, limited.text, limited.headers['retry-after']]).toEqual([429, 'slow down', '7'])
  expect(await send(3)).toMatchObject({ status: 200, text: '' })
  await expect(send(4)).rejects.toThrow()
  await expect(send(5)).rejects.toThrow()
  expect(await send(6)).toMatchObject({ status: 200, json: { data: { Id: 'S6' } } })
  expect(errorOf(await send(7))).toBe('error sending message: server returned error 403')
  expect((await send(8)).status).toBe(200)
  const accepted = await sandbox.ledger(id, 'accepted')
  expect(accepted.map((line) => line.messageId)).toEqual(['S3', 'S5', 'S6', 'S8'])
})

test('a hanging send does not hold up the ones behind it', async () => {
  const id = await sandbox.register('hang')
  await sandbox.setScript(id, { '5511911111111': [{ kind: 'hang', accept: true }] })
  const hanging = sandbox.sendText('hang', { Phone: '5511911111111' })
  hanging.catch(() => undefined)
  expect((await sandbox.sendText('hang', { Phone: '5511922222222' })).status).toBe(200)
  expect(await Promise.race([hanging, Promise.resolve('still open')])).toBe('still open')
  expect(await sandbox.summary(id)).toMatchObject({ accepted: 2 })
})

test('a connection that drops while a message is under way leaves its fate open', async () => {
  const id = await sandbox.register('cut', { latencyMinMs: 1_000, latencyMaxMs: 1_000, maxInFlight: 64 })
  const messages = Array.from({ length: 40 }, (_, i) =>
    sandbox.sendText('cut', { Phone: `55119${96_000_000 + i}`, Id: `C${i}` }),
  )
  await waitFor(async () => (await sandbox.ledger(id, 'read')).length === 40)
  await sandbox.setState(id, { state: 'dropped' })
  const errors = new Set((await Promise.all(messages)).map(errorOf))
  expect([...errors]).toEqual(['error sending message: websocket disconnected before message send returned response'])
  const { accepted } = (await sandbox.summary(id)) as { accepted: number }
  expect(accepted).toBeGreaterThan(0)
  expect(accepted).toBeLessThan(40)
})

async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5))
}
