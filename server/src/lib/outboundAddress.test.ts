import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { FOREIGN_SCHEMES, PRIVATE_ADDRESSES } from '#server/test/hostileAddresses.ts'
import { checkHttpAddress, checkPublicAddress, checkResolvedAddress, isPublicIp } from './outboundAddress.ts'
import { publicConnector } from './publicConnector.ts'

const PUBLIC = { address: '93.184.216.34', family: 4 }
const LOOPBACK = { address: '127.0.0.1', family: 4 }

const nobody = () => Promise.reject(new Error('not to be asked'))

describe('an address that must not be fetched', () => {
  it('comes in more than sixty forms', () => {
    expect(PRIVATE_ADDRESSES.length).toBeGreaterThanOrEqual(60)
  })

  it.each([...PRIVATE_ADDRESSES, ...FOREIGN_SCHEMES])('%j is refused without a look-up', async (form) => {
    const text = form.replace('PORT', '8080')
    expect(checkPublicAddress(text)).toEqual({ refusal: expect.any(String) })
    expect(await checkResolvedAddress(text, nobody)).toEqual({ refusal: expect.any(String) })
  })

  it.each([
    ['a private address', [{ address: '10.1.2.3', family: 4 }]],
    ['a private one beside a public one', [PUBLIC, LOOPBACK]],
    ['loopback in IPv6', [{ address: '::1', family: 6 }]],
    ['a link with its interface', [{ address: 'fe80::1%eth0', family: 6 }]],
  ])('is refused when its name means %s', async (_what, addresses) => {
    expect(await checkResolvedAddress('https://cdn.example.test/a.png', async () => addresses)).toHaveProperty(
      'refusal',
    )
  })
})

test.each([
  ['https://cdn.example.test/a.png?x=1#y', 'https://cdn.example.test/a.png?x=1#y'],
  ['http://93.184.216.34:8080/a', 'http://93.184.216.34:8080/a'],
  ['https://[2606:4700::1111]/a', 'https://[2606:4700::1111]/a'],
  ['HTTPS://Padaria.Example.COM/São João.png', 'https://padaria.example.com/S%C3%A3o%20Jo%C3%A3o.png'],
  ['https://localhost.example.com/', 'https://localhost.example.com/'],
])('%s is public, in one spelling', async (text, href) => {
  const checked = await checkResolvedAddress(text, async () => [PUBLIC])
  expect('url' in checked && checked.url.href).toBe(href)
})

test('a name that nobody can look up is let through: nothing is reached under it', async () => {
  expect(await checkResolvedAddress('https://nowhere.example.test/', nobody)).toHaveProperty('url')
})

test('an administrator may name private addresses as a gateway, but none with a user name', () => {
  expect(checkHttpAddress('http://127.0.0.1:8080/wuzapi')).toHaveProperty('url')
  expect(checkHttpAddress('http://user@127.0.0.1/')).toHaveProperty('refusal')
})

test.each(['8.8.8.8', '100.63.255.255', '100.128.0.1', '172.32.0.1', '192.0.1.1', '198.20.0.1', '2a00:1450::1'])(
  '%s is public',
  (address) => expect(isPublicIp(address)).toBe(true),
)

describe('a connection to an address that somebody named', () => {
  const decoy = createServer((_request, response) => {
    hits += 1
    response.end('secret')
  })
  let hits = 0
  let port = 0

  beforeAll(async () => {
    await new Promise<void>((done) => decoy.listen(0, '127.0.0.1', done))
    port = (decoy.address() as AddressInfo).port
  })

  afterAll(() => void decoy.close())

  async function fetchFrom(url: string, resolve = async () => [LOOPBACK]) {
    const agent = new Agent({ connect: publicConnector({ timeoutMs: 1000, resolve }) })
    try {
      const answer = await request(url, { dispatcher: agent })
      return await answer.body.text()
    } catch (error) {
      return (error as { code?: string }).code
    } finally {
      await agent.destroy()
    }
  }

  it('is not made to this machine, by address nor by name', async () => {
    for (const host of ['127.0.0.1', '[::1]', '127.1', 'cdn.example.test']) {
      expect([host, await fetchFrom(`http://${host}:${port}/`)]).toEqual([host, 'ADDRESS_NOT_PUBLIC'])
    }
    expect(hits).toBe(0)
  })

  it('is not made when a name that was public a moment ago means this machine now', async () => {
    const answers = [PUBLIC, LOOPBACK]
    const rebinding = async () => [answers.shift() ?? LOOPBACK]
    const url = `http://rebound.example.test:${port}/`
    expect(await checkResolvedAddress(url, rebinding)).toHaveProperty('url')
    expect(await fetchFrom(url, rebinding)).toBe('ADDRESS_NOT_PUBLIC')
    expect(hits).toBe(0)
  })

  it('looks the name up once and goes to what it looked at', async () => {
    let asked = 0
    const resolve = async () => {
      asked += 1
      return asked === 1 ? [{ address: '192.0.2.1', family: 4 }, PUBLIC] : [LOOPBACK]
    }
    expect(await fetchFrom(`http://pinned.example.test:${port}/`, resolve)).toBe('ADDRESS_NOT_PUBLIC')
    expect([asked, hits]).toEqual([1, 0])
  })
})
