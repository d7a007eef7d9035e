import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Suppression } from '#contract/suppressions.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { readList } from './readList.ts'
import { suppressionFileRoutes } from './suppressionFileRoutes.ts'
import { suppressionRoutes } from './suppressionRoutes.ts'
import { SuppressionService } from './SuppressionService.ts'

let test: TestDatabase
let app: FastifyInstance
let user: Awaited<ReturnType<typeof signInAs>>

beforeAll(async () => {
  test = await createTestDatabase({ max: 5 })
  const deps = { db: test.db, audit: new AuditLogger() }
  const suppressions = new SuppressionService({ ...deps, list: testSuppressions, bell: new Bell() })
  const routes = [suppressionRoutes({ suppressions }), suppressionFileRoutes({ ...deps, suppressions })]
  app = await createTestApp(test.db, { routes })
})
afterAll(async () => {
  await app.close()
  await test.close()
})
beforeEach(async () => {
  user = await signInAs(app, test.db, 'user')
})

const headers = () => ({ host: '127.0.0.1', origin: 'http://127.0.0.1', cookie: user.cookie })
const url = '/api/user/suppressions'

function upload(file: string | null, fields: Record<string, string> = {}) {
  const boundary = randomUUID()
  const part = (name: string, value: string, more = '') =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
  const parts = Object.entries(fields).map(([name, value]) => part(name, value))
  if (file !== null) parts.push(part('file', file, '; filename="lista.csv"\r\ncontent-type: text/csv'))
  const type = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  const payload = `${parts.join('')}--${boundary}--\r\n`
  return app.inject({ method: 'POST', url: `${url}/import`, headers: { ...headers(), ...type }, payload })
}

async function listed(): Promise<Record<string, string>> {
  const { items } = (await app.inject({ url: `${url}?limit=200`, headers: headers() })).json<{ items: Suppression[] }>()
  return Object.fromEntries(items.map(({ phone, reason }) => [phone, reason]))
}

describe('a list of numbers', () => {
  const inputs = (text: string) => readList(Buffer.from(text)).map(({ line, input }) => [line, input])

  it.each([
    [
      'one a line',
      '11 98765-4321\r\n\r\n21 3333-4444\n',
      [
        [1, '11 98765-4321'],
        [3, '21 3333-4444'],
      ],
    ],
    [
      'with a name beside',
      'Ana;11 98765-4321\nBia;x',
      [
        [1, '11 98765-4321'],
        [2, 'Bia'],
      ],
    ],
    [
      'with a header',
      'Nome,Telefone\nAna,"11 98765-4321"\nBia',
      [
        [2, '11 98765-4321'],
        [3, ''],
      ],
    ],
    ['with a separator in quotes', 'nome;fone\n"Ana; ""A""";11987654321', [[2, '11987654321']]],
    ['whose first line is a number already', '5511987654321,telefone\n', [[1, '5511987654321']]],
    ['of nothing', '\n \n', []],
  ])('%s', (_what, text, expected) => {
    expect(inputs(text)).toEqual(expected)
  })

  it('in Latin-1 or with a BOM is read, too', () => {
    expect(readList(Buffer.from('Número;x\n11987654321;1', 'latin1'))).toMatchObject([{ input: '11987654321' }])
    expect(readList(Buffer.from('\ufefftelefone\n11987654321'))).toMatchObject([{ line: 2, input: '11987654321' }])
  })
})

describe('an imported list', () => {
  it('suppresses each person once, with the reason of its line, and accounts for every line', async () => {
    const file = 'phone;reason\n11987654321;complained\n+55 11 8765 4321;\n21 3333-4444;\nMaria;manual\n\n=1+1;\n'
    const answer = await upload(file, { reason: 'opted_out' })
    expect(answer.json()).toEqual({
      added: 2,
      known: 1,
      refused: [
        { line: 5, input: 'Maria', reason: 'NOT_A_NUMBER' },
        { line: 7, input: '=1+1', reason: expect.any(String) },
      ],
      refusedCount: 2,
    })
    expect(await listed()).toEqual({ '+5511987654321': 'complained', '+552133334444': 'opted_out' })
  })

  it('comes back from our own export, in which no cell is a formula', async () => {
    await app.inject({
      method: 'POST',
      url,
      headers: headers(),
      payload: { phones: ['11987654321', '2133334444'], reason: 'complained', note: '=HYPERLINK("x")' },
    })
    const file = await app.inject({ url: `${url}/export.csv`, headers: headers() })
    expect(file.headers['content-type']).toContain('text/csv')
    expect(file.body).toContain(`"'=HYPERLINK(""x"")"`)
    const before = await listed()
    user = await signInAs(app, test.db, 'user')
    expect((await upload(file.body)).json()).toMatchObject({ added: 2, known: 0, refusedCount: 0 })
    expect(await listed()).toEqual(before)
  })

  it('of twenty thousand lines is stored in one go, and tells the first thousand refusals', async () => {
    const good = Array.from({ length: 20_000 }, (_, n) => `119${80_000_000 + n}`)
    const bad = Array.from({ length: 1500 }, (_, n) => `x${n}`)
    const { added, refused, refusedCount } = (await upload([...good, ...bad].join('\n'))).json()
    expect([added, refused.length, refusedCount]).toEqual([20_000, 1000, 1500])
  }, 60_000)

  it.each([
    ['no file', null, {}, 400],
    ['an empty file', ' \n', {}, 422],
    ['a field that is not known', '1', { userId: 'x' }, 400],
    ['a reason that nobody may give', '1', { reason: 'erased' }, 400],
    ['too many lines', 'x\n'.repeat(100_001), {}, 422],
  ])('with %s is refused', async (_what, file, fields, status) => {
    expect((await upload(file, fields)).statusCode).toBe(status)
    expect(await listed()).toEqual({})
  })
})
