import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { PRIVATE_ADDRESSES } from '#server/test/hostileAddresses.ts'
import { createCloudApiGateway } from './cloudApi.ts'
import type { Gateway } from './Gateway.ts'
import { startStub, type Stub } from './wuzapiStub.ts'

const PUBLIC = { address: '93.184.216.34', family: 4 }

let stub: Stub
let gateway: Gateway
let address = PUBLIC

beforeAll(async () => {
  stub = await startStub((_request, response) => void response.end('{"messages":[{"id":"wamid.1"}]}'))
})

beforeEach(() => {
  stub.seen.length = 0
  address = PUBLIC
  gateway = createCloudApiGateway({
    baseUrl: stub.url,
    phoneNumberId: '1234567890',
    token: 'a-token',
    resolve: async () => [address],
  })
  return () => gateway.close()
})

afterAll(() => stub?.close())

const send = (link: string) =>
  gateway.send({
    id: 'm1',
    to: '5511999998888',
    content: { type: 'template', name: 'oferta', language: 'pt_BR', header: { type: 'image', link } },
  })

test.each(PRIVATE_ADDRESSES)('no gateway hears of the link %j', async (form) => {
  const outcome = await send(form.replace('PORT', '8080'))
  expect(outcome).toMatchObject({
    ok: false,
    failure: { code: 'LINK_NOT_PUBLIC', category: 'API_ERROR', fate: 'notSent', permanent: true, scope: 'recipient' },
  })
  expect(stub.seen).toEqual([])
})

test('a name that has come to mean a private address is not handed on', async () => {
  address = { address: '192.168.0.7', family: 4 }
  expect(await send('https://cdn.example.test/a.png')).toMatchObject({ failure: { code: 'LINK_NOT_PUBLIC' } })
  expect(stub.seen).toEqual([])
})

test('a public link goes out in the spelling that was checked', async () => {
  expect(await send('https://CDN.example.test\\a.png')).toMatchObject({ ok: true })
  expect(JSON.stringify(stub.seen[0]?.body)).toContain('"https://cdn.example.test/a.png"')
})
