import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { isDatabaseDown } from './isDatabaseDown.ts'
import { openDatabase, type OpenDatabase } from './openDatabase.ts'
import { transaction } from './transaction.ts'

const TIMEOUT_MS = 500

let test: TestDatabase
let line: Line
let opened: OpenDatabase

beforeEach(async () => {
  test = await createTestDatabase()
  line = await openLine(test)
  opened = openDatabase({ ...test.connection, host: '127.0.0.1', port: line.port }, { log: testLog, max: 3, name: 'line', queryTimeoutMs: TIMEOUT_MS })
})
afterEach(async () => {
  line.close()
  await opened.close()
  await test.close()
})

const ask = () => sql`select 1`.execute(opened.db)
const askAll = (pending = [ask(), ask(), ask()]) => Promise.allSettled(pending)

it('connections that fall silent for ever are given up, and the next query finds a new one', async () => {
  await askAll()
  line.silence()
  const answers = await askAll()
  expect(answers.map((answer) => answer.status === 'rejected' && isDatabaseDown(answer.reason))).toEqual([true, true, true])
  for (let i = 0; i < 5; i++) await ask()
})

it('a transaction on a connection that falls silent fails as an outage, and the next one works', async () => {
  const failure = await transaction(opened.db, async (trx) => {
    line.silence()
    await sql`select 1`.execute(trx)
  }).catch((error: unknown) => error)
  expect(isDatabaseDown(failure)).toBe(true)
  await transaction(opened.db, (trx) => sql`select 1`.execute(trx))
})

type Line = { port: number; silence(): void; close(): void }

/** A way to the database on which every connection made so far can fall silent, as behind a firewall that forgot it. */
async function openLine({ connection: { host, port } }: TestDatabase): Promise<Line> {
  const passing = new Set<Socket>()
  const all: Socket[] = []
  const server = createServer((near) => {
    const far = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    passing.add(near)
    all.push(near, far)
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on('data', (bytes) => passing.has(near) && to.write(bytes))
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => passing.clear(),
    close: () => {
      for (const socket of all) socket.destroy()
      server.close()
    },
  }
}
