import { setImmediate as tick } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { retryOnConflict, transaction } from './transaction.ts'

const OUTSIDE = 'The database was used outside its transaction; use trx.'

let test: TestDatabase

beforeAll(async () => {
  test = await createTestDatabase({ max: 3 })
})
afterAll(async () => test.close())
beforeEach(async () => {
  await test.db.deleteFrom('instance_facts').execute()
})

const insert = (db: Pick<TestDatabase['db'], 'insertInto'>, name: string) =>
  db.insertInto('instance_facts').values({ name, value: 'x' }).execute()
const names = async () =>
  (await test.db.selectFrom('instance_facts').select('name').orderBy('name').execute()).map((row) => row.name)

describe('inside a transaction the outer database is refused', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['for a query', () => test.db.selectFrom('instance_facts').selectAll().execute()],
    ['for a statement of our own', () => sql`select 1`.execute(test.db)],
    ['for a write', () => insert(test.db, 'outer')],
    ['for another transaction', () => transaction(test.db, async () => 1)],
    ['for a transaction of Kysely itself', () => test.db.transaction().execute(async () => 1)],
    ['for a connection', () => test.db.connection().execute(async () => 1)],
    ['after a turn of the loop', async () => (await tick(), sql`select 1`.execute(test.db))],
    [
      'in a callback',
      () =>
        new Promise(
          (resolve, reject) => void setTimeout(() => void sql`select 1`.execute(test.db).then(resolve, reject), 5),
        ),
    ],
  ])('%s', async (_what, work) => {
    const run = transaction(test.db, async (trx) => {
      await insert(trx, 'inner')
      await work()
    })
    await expect(run).rejects.toThrow(OUTSIDE)
    expect(await names()).toEqual([])
  })

  it('and outside it is not, also while another transaction is open', async () => {
    let release = () => undefined as void
    const held = new Promise<void>((resolve) => (release = resolve))
    const open = transaction(test.db, async (trx) => {
      await insert(trx, 'inner')
      await held
    })
    await insert(test.db, 'outer')
    expect(await names()).toEqual(['outer'])
    release()
    await open
    expect(await names()).toEqual(['inner', 'outer'])
  })
})

describe('a transaction', () => {
  it('gives back what the work returns and keeps what it wrote', async () => {
    expect(await transaction(test.db, async (trx) => (await insert(trx, 'kept'), 7))).toBe(7)
    expect(await names()).toEqual(['kept'])
  })

  it('leaves nothing of work that throws, and says what it threw', async () => {
    const failing = transaction(test.db, async (trx) => {
      await insert(trx, 'lost')
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await names()).toEqual([])
    await expect(sql`select 1`.execute(test.db)).resolves.toBeDefined()
  })
})

describe('work that PostgreSQL asks to repeat', () => {
  const failing = (times: number, code: string) => {
    const calls = { made: 0 }
    const work = async () => {
      if (++calls.made <= times) throw Object.assign(new Error('conflict'), { code })
      return 'done'
    }
    return { calls, work }
  }

  it.each([['40001'], ['40P01']])('is repeated at %s until it works', async (code) => {
    const { calls, work } = failing(3, code)
    expect(await retryOnConflict(work)).toBe('done')
    expect(calls.made).toBe(4)
  })

  it('is given up after five attempts, with the last error', async () => {
    const { calls, work } = failing(99, '40P01')
    await expect(retryOnConflict(work)).rejects.toMatchObject({ code: '40P01' })
    expect(calls.made).toBe(5)
  })

  it('is nothing else: other errors come through at once', async () => {
    const { calls, work } = failing(99, '23505')
    await expect(retryOnConflict(work)).rejects.toMatchObject({ code: '23505' })
    expect(calls.made).toBe(1)
  })

  it('survives a real deadlock', async () => {
    for (const name of ['a', 'b']) await insert(test.db, name)
    const bump = async (trx: Parameters<Parameters<typeof transaction>[1]>[0], name: string) => {
      await sql`update instance_facts set value = value || 'x' where name = ${name}`.execute(trx)
    }
    let waiting = 2
    let meet = () => undefined as void
    const met = new Promise<void>((resolve) => (meet = resolve))
    const both = (first: string, second: string) =>
      retryOnConflict(() =>
        transaction(test.db, async (trx) => {
          await bump(trx, first)
          if (--waiting <= 0) meet()
          await met
          await bump(trx, second)
        }),
      )
    await Promise.all([both('a', 'b'), both('b', 'a')])
    const values = await test.db.selectFrom('instance_facts').select('value').execute()
    expect(values).toEqual([{ value: 'xxx' }, { value: 'xxx' }])
    expect(waiting).toBe(-1)
  })
})
