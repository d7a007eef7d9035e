import { afterEach, describe, expect, it } from 'vitest'
import { createWuzapiGateway } from './wuzapi.ts'
import { respondData, respondError, startStub, type Stub } from './wuzapiStub.ts'

const opened: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close()
})

async function stub(answer: Parameters<typeof startStub>[0]): Promise<Stub> {
  const server = await startStub(answer)
  opened.push(server)
  return server
}

function open(baseUrl: string) {
  const gateway = createWuzapiGateway({ baseUrl, token: 'tok-line-1-secret', deadlineMs: 2000 })
  opened.push(gateway)
  return gateway
}

describe('the address book', () => {
  const row = (names: object) => ({
    Found: true,
    FullName: '',
    FirstName: '',
    BusinessName: '',
    PushName: '',
    ...names,
  })

  it('is people with a number, by the name that the owner of the phone gave them', async () => {
    const server = await stub((_request, response) =>
      respondData(response, {
        '5511988880001@s.whatsapp.net': row({ FullName: 'Ana Souza', PushName: 'aninha' }),
        '5511988880002:7@s.whatsapp.net': row({ PushName: ' Bia ' }),
        '5511988880003@c.us': row({}),
        '120363041234567890@g.us': row({ FullName: 'Grupo' }),
        '123456789012345@lid': row({ FullName: 'Ninguém' }),
      }),
    )
    expect(await open(server.url).readContacts?.()).toEqual([
      { number: '5511988880001', name: 'Ana Souza' },
      { number: '5511988880002', name: 'Bia' },
      { number: '5511988880003', name: '' },
    ])
    expect(server.seen[0]).toMatchObject({ method: 'GET', path: '/user/contacts' })
  })

  it('may be much longer than any other answer', async () => {
    const people = Object.fromEntries(
      Array.from({ length: 5000 }, (_, n) => [
        `55119${80_000_000 + n}@s.whatsapp.net`,
        row({ FullName: `Pessoa ${n}` }),
      ]),
    )
    const server = await stub((_request, response) => respondData(response, people))
    expect(await open(server.url).readContacts?.()).toHaveLength(5000)
  })

  it('of a session that is gone is an error that says so', async () => {
    const server = await stub((_request, response) => respondError(response, 500, 'no session'))
    await expect(open(server.url).readContacts?.()).rejects.toMatchObject({ failure: { category: 'DISCONNECTED' } })
  })
})
