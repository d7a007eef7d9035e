import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { buildChannel, buildUser } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { HookAdmission, type Admitted } from './HookAdmission.ts'
import { inPieces, type ReceiptEvent } from './inPieces.ts'
import { ReceiptApplier } from './ReceiptApplier.ts'
import { WebhookInbox, type InboxRow } from './WebhookInbox.ts'

let test: TestDatabase
let inbox: WebhookInbox
let userId: string
let channelId: string

beforeAll(async () => {
  test = await createTestDatabase({ max: 5 })
  inbox = new WebhookInbox(test.db, testLog)
  userId = await buildUser(test.db)
  channelId = (await buildChannel(test.db, userId)).id
})
afterAll(() => test.close())
beforeEach(async () => {
  await test.db.deleteFrom('webhook_inbox').execute()
})

function receipt(messageIds: string[]): ReceiptEvent {
  return { type: 'receipt', state: 'read', messageIds, at: new Date(0) }
}

function rowOf(messageId: string, dedupeKey = randomBytes(32)): InboxRow {
  return { userId, channelId, dedupeKey, events: [receipt([messageId])], receipts: 1, isConnection: false }
}

async function storedIds(): Promise<string[]> {
  const rows = await test.db.selectFrom('webhook_inbox').select('events').orderBy('id').execute()
  return rows.flatMap(({ events }) => events.flatMap((event) => (event.type === 'receipt' ? event.messageIds : [])))
}

it('stores what many bring at once in few statements, each call whole', async () => {
  const statements = countInserts()
  await Promise.all(Array.from({ length: 900 }, (_, n) => inbox.store([rowOf(`a${n}`), rowOf(`b${n}`)])))
  expect(statements()).toBeLessThan(6)
  expect(new Set(await storedIds()).size).toBe(1800)
})

it('the same key, twice in one statement and again later, is one row', async () => {
  const key = randomBytes(32)
  await Promise.all(Array.from({ length: 5 }, () => inbox.store([rowOf('a', key)])))
  await inbox.store([rowOf('a', key)])
  expect(await storedIds()).toEqual(['a'])
})

it('a call that cannot be stored is refused alone', async () => {
  const calls = Array.from({ length: 40 }, (_, n) => inbox.store([rowOf(n === 17 ? 'a\u0000b' : `m${n}`)]))
  const results = await Promise.allSettled(calls)
  expect(results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([17])
  expect((await storedIds()).length).toBe(39)
})

it('what is about a number stays in its order', async () => {
  const states = ['disconnected', 'connected', 'logged_out', 'connected'] as const
  const rows = states.map((state) => ({
    ...rowOf(''),
    events: [{ type: 'connection' as const, state, until: null }],
    isConnection: true,
  }))
  await Promise.all(rows.map((row) => inbox.store([row])))
  const stored = await test.db.selectFrom('webhook_inbox').select('events').orderBy('id').execute()
  expect(stored.map(({ events: [event] }) => event?.type === 'connection' && event.state)).toEqual(states)
})

it('due webhooks are found without reading those that wait', async () => {
  await sql`
    insert into webhook_inbox (user_id, channel_id, dedupe_key, events, tries, retry_at)
    select ${userId}, ${channelId}, sha256(n::text::bytea), '[]', 1, clock_timestamp() + interval '1 hour'
    from generate_series(1, 20000) n
  `.execute(test.db)
  await sql`analyze webhook_inbox`.execute(test.db)
  await inbox.store([rowOf('wamid.unknown')])
  const applier = new ReceiptApplier({ db: test.db, log: testLog, pollMs: 1000 })
  const before = await rowsRead()
  expect(await applier.applyNext()).toBe(false)
  expect((await rowsRead()) - before).toBeLessThan(1000)
})

it('a call falls into pieces by the messages it speaks of, in its order', () => {
  const events = [receipt(['a', 'b', 'c', 'd', 'e']), receipt(['f']), receipt(['g']), receipt([])]
  const pieces = inPieces(events, 2)
  expect(pieces.map((piece) => piece.events.map(({ messageIds }) => messageIds.join('')))).toEqual([
    ['ab'],
    ['cd'],
    ['e', 'f'],
    ['g'],
  ])
  expect(pieces.map(({ receipts }) => receipts)).toEqual([2, 2, 2, 1])
})

/** Lets calls in until one is refused. */
function fill(admission: HookAdmission): Admitted[] {
  const inside: Admitted[] = []
  for (;;) {
    try {
      inside.push(admission.enter())
    } catch {
      return inside
    }
  }
}

it('while all is quick room grows up to eight hundred calls; where it takes long it shrinks, and grows again', async () => {
  const admission = new HookAdmission()
  for (let n = 0; n < 400_000; n++) await admission.timed(Promise.resolve())
  expect(fill(admission)).toHaveLength(800)
  const slowly = () => admission.timed(sleep(120))
  await Promise.all([slowly(), slowly(), slowly()])
  expect(() => admission.enter()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))

  const another = new HookAdmission()
  for (let n = 0; n < 8; n++) await another.timed(sleep(120)).catch(() => undefined)
  await expect(another.timed(Promise.reject(new Error('down')))).rejects.toThrow('down')
  const few = fill(another)
  expect(few.length).toBeLessThan(34)
  for (const { leave } of few) leave()
  for (let n = 0; n < 32 * 8; n++) await another.timed(Promise.resolve())
  expect(fill(another).length).toBeGreaterThan(36)
})

const MB = 1024 * 1024

it('calls beyond the room are refused, and bodies beyond 64 MB, until others have left', () => {
  const admission = new HookAdmission()
  const inside = fill(admission)
  expect(inside.length).toBeGreaterThan(100)
  expect(() => admission.enter()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  for (const [n, { receive }] of inside.slice(0, 16).entries()) receive(`channel ${n % 5}`, 4 * MB)
  expect(() => inside[16]?.receive('another', 1)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  expect(() => inside[16]?.expectBody('another', 1)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  inside[0]?.leave()
  inside[0]?.leave()
  admission.enter().receive('another', 4 * MB)
  expect(() => admission.enter()).toThrow()
})

it('one channel fills a quarter of the bytes, and what is only announced fills nothing', () => {
  const admission = new HookAdmission()
  const inside = fill(admission)
  for (const { expectBody } of inside) expectBody('one', 4 * MB)
  for (const { receive } of inside.slice(0, 4)) receive('one', 4 * MB)
  expect(() => inside[4]?.expectBody('one', 1)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  expect(() => inside[4]?.receive('one', 1)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
  inside[5]?.expectBody('another', 4 * MB)
  inside[5]?.receive('another', 4 * MB)
  for (const { leave } of inside) leave()
  admission.enter().receive('one', 16 * MB)
})

/** Statements that brought rows, by what the database says of its own table. */
function countInserts(): () => number {
  const executor = test.db.getExecutor()
  const provide = executor.provideConnection.bind(executor)
  let count = 0
  executor.provideConnection = (consumer) => {
    count++
    return provide(consumer)
  }
  return () => {
    executor.provideConnection = provide
    return count
  }
}

/** Rows of the inbox that statements have read so far, by any way. */
async function rowsRead(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(test.db)
  const { rows } = await sql<{ n: number }>`
    select seq_tup_read + idx_tup_fetch as n from pg_stat_user_tables where relname = 'webhook_inbox'
  `.execute(test.db)
  return rows[0]?.n ?? 0
}
