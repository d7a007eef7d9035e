import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PhoneValidation } from '#contract/phones.ts'
import { startWholeApp, type Person, type WholeApp } from '#server/test/wholeApp.ts'
import type { SandboxSettings, StateChange } from '#server/sandbox/settings.ts'

const PATH = '/api/user/phones/validate'
const PHONE = '(11) 98765-4321'

let whole: WholeApp
let ana: Person

beforeAll(async () => {
  whole = await startWholeApp({ PHONE_CHECKS_PER_HOUR: '3' })
  ana = await whole.signIn('user')
})
afterAll(() => whole.close())

async function validate(payload: object): Promise<PhoneValidation> {
  const answer = await whole.call(ana, 'POST', PATH, { payload })
  expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()])
  return answer.json()
}

async function newChannel(behaviour: SandboxSettings = {}, state?: StateChange): Promise<string> {
  const token = randomBytes(18).toString('base64url')
  const sandboxUser = await whole.sandbox.register(token, behaviour)
  const payload = { name: 'Balcão', gateway: 'wuzapi', baseUrl: whole.sandbox.url, token }
  const answer = await whole.call(ana, 'POST', '/api/user/channels', { payload })
  if (state !== undefined) await whole.sandbox.setState(sandboxUser, state)
  return answer.json<{ id: string }>().id
}

/** A number that nobody has asked about. */
let numbers = 0
const freshPhone = () => `11 9${String(70_000_000 + ++numbers)}`

test('without a channel a number is read, and nobody is asked', async () => {
  expect(await validate({ phone: PHONE })).toEqual({
    isValid: true,
    normalized: '+5511987654321',
    validatedPhone: null,
    jid: null,
    suggestion: null,
    error: null,
    country: 'BR',
    warnings: [],
    others: [],
    check: { state: 'notAsked', obstacle: null, retryAfterSeconds: null, checkedAt: null },
  })
  expect(await validate({ phone: '912 345 678', defaultCountry: 'PT' })).toMatchObject({ normalized: '+351912345678' })
})

test('what is no number has its reason, and a suggestion where there is a likely one', async () => {
  expect(await validate({ phone: '98765-4321' })).toMatchObject({
    isValid: false,
    normalized: null,
    error: 'MISSING_AREA_CODE',
    suggestion: null,
  })
  expect(await validate({ phone: '1198765432O' })).toMatchObject({
    isValid: false,
    error: 'NOT_A_NUMBER',
    suggestion: { phone: '+5511987654320', reason: 'LETTERS_FOR_DIGITS', confidence: 'high', others: [] },
  })
  expect(await validate({ phone: '' })).toMatchObject({ isValid: false, error: 'EMPTY' })
})

test('a channel says whether the number is on WhatsApp, and as what', async () => {
  const there = await validate({ phone: PHONE, channelId: await newChannel() })
  expect(there).toMatchObject({
    isValid: true,
    validatedPhone: '+5511987654321',
    jid: '5511987654321@s.whatsapp.net',
    check: { state: 'onWhatsapp', obstacle: null, checkedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
  })
  const old = await validate({ phone: '11 98765-4322', channelId: await newChannel({ oldBrazilianJids: 1 }) })
  expect(old).toMatchObject({
    normalized: '+5511987654322',
    validatedPhone: '+551187654322',
    jid: '551187654322@s.whatsapp.net',
  })
  expect(await validate({ phone: freshPhone(), channelId: await newChannel({ notOnWhatsapp: 1 }) })).toMatchObject({
    isValid: false,
    normalized: expect.stringContaining('+55'),
    validatedPhone: null,
    jid: null,
    error: 'NOT_ON_WHATSAPP',
    check: { state: 'notOnWhatsapp' },
  })
})

test('where it cannot be found out now the number stays valid, and why is said', async () => {
  const unknown = (obstacle: string) => ({
    isValid: true,
    normalized: expect.stringContaining('+55'),
    error: null,
    check: { state: 'unknown', obstacle, checkedAt: null },
  })
  const away = await newChannel({}, { state: 'dropped' })
  expect(await validate({ phone: freshPhone(), channelId: away })).toMatchObject(unknown('DISCONNECTED'))
  const silent = await newChannel({ checkMissing: 1 })
  expect(await validate({ phone: freshPhone(), channelId: silent })).toMatchObject(unknown('NO_ANSWER'))
  const cloud = await whole.call(ana, 'POST', '/api/user/channels', {
    payload: {
      name: 'Meta',
      gateway: 'cloud',
      token: 'EAAG1234567890',
      phoneNumberId: '105512345',
      appSecret: '0123456789abcdef',
      baseUrl: whole.sandbox.url,
    },
  })
  const { id } = cloud.json<{ id: string }>()
  expect(await validate({ phone: freshPhone(), channelId: id })).toMatchObject(unknown('UNSUPPORTED'))
})

test('beyond the budget of the hour the channel is not asked, and when it may again is said', async () => {
  const channelId = await newChannel()
  for (let n = 0; n < 3; n++)
    expect((await validate({ phone: freshPhone(), channelId })).check.state).toBe('onWhatsapp')
  const { check, isValid } = await validate({ phone: freshPhone(), channelId })
  expect([isValid, check.state, check.obstacle]).toEqual([true, 'unknown', 'BUDGET_USED'])
  expect(check.retryAfterSeconds).toBeGreaterThan(3500)
})

test('a channel that is not there is 404, whatever the number', async () => {
  for (const phone of [PHONE, 'nonsense']) {
    const payload = { phone, channelId: '00000000-0000-4000-8000-000000000000' }
    expect((await whole.call(ana, 'POST', PATH, { payload })).statusCode).toBe(404)
  }
})

test('a body of another shape is refused', async () => {
  const bodies = [
    {},
    { phone: 5 },
    { phone: 'x', more: 1 },
    { phone: 'x', channelId: 'x' },
    { phone: 'x'.repeat(4097) },
  ]
  for (const payload of bodies) expect((await whole.call(ana, 'POST', PATH, { payload })).statusCode).toBe(400)
  expect((await whole.call(null, 'POST', PATH, { payload: { phone: PHONE } })).statusCode).toBe(401)
})

test('without the gateway an answer is there within 20 ms', async () => {
  const times: number[] = []
  for (let n = 0; n < 40; n++) {
    const started = performance.now()
    await validate({ phone: '+55 0011 9876S-4321 / 1198765432O' })
    times.push(performance.now() - started)
  }
  // The quickest: what the work costs, and not what else the machine is doing.
  expect(Math.min(...times)).toBeLessThan(20)
  if (process.env['TEST_LOG'] !== undefined) console.log('validate, ms:', times.toSorted((a, b) => a - b)[20])
})
