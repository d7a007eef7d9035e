import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildCampaign, buildChannel, buildUser } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { AuditLogger } from './AuditLogger.ts'
import { RetentionJob } from './RetentionJob.ts'
import { countAll, expirySweep, logSweeps, sweepAll, type Sweep } from './sweeps.ts'

const DAY = 24 * 60
const KEPT = { auditDays: 30, deletedAuditDays: 90, errorDays: 30 }

const audit = new AuditLogger()
let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(async () => test.close())
afterEach(async () => {
  await sql`truncate campaign_audit_logs, campaign_error_logs, audit_events, idempotency_keys`.execute(test.db)
})

/** Of `age` minutes. */
type Row = { campaignId: string; age: number; action: string }

async function insertTrail(rows: Row[]): Promise<void> {
  await sql`
    insert into campaign_audit_logs (campaign_id, action, created_at)
    select campaign_id, action, clock_timestamp() - make_interval(mins => age) from unnest(
      ${rows.map(({ campaignId }) => campaignId)}::uuid[], ${rows.map(({ action }) => action)}::text[],
      ${rows.map(({ age }) => age)}::integer[]
    ) as i(campaign_id, action, age)
  `.execute(test.db)
}

async function trail(): Promise<string[]> {
  const { rows } = await sql<{ is: string }>`
    select concat_ws(' ', campaign_id, action, round(extract(epoch from clock_timestamp() - created_at) / 60)) as is
    from campaign_audit_logs
  `.execute(test.db)
  return rows.map((row) => row.is).toSorted()
}

const described = ({ campaignId, action, age }: Row) => `${campaignId} ${action} ${age}`

/** Within two minutes of the edge a test that is slow could be on either side of it. */
const aroundThe = (days: number) =>
  fc
    .oneof(fc.integer({ min: 2, max: 3 * DAY }), fc.constantFrom(2, 60))
    .chain((minutes) => fc.constantFrom(days * DAY - minutes, days * DAY + minutes))
const age = fc.oneof(aroundThe(30), aroundThe(90), fc.integer({ min: 0, max: 400 * DAY }))
const history = fc.record({
  deletedAgo: fc.option(fc.oneof(aroundThe(90), aroundThe(30), age)),
  ages: fc.array(age, { maxLength: 6 }),
  purged: fc.boolean(),
})

describe('the trail of a campaign', () => {
  it('stays 30 days, that of a deleted one 90 days after the deletion as well, and not longer; also when the campaign is purged', async () => {
    const userId = await buildUser(test.db)
    const channel = await buildChannel(test.db, userId)
    await fc.assert(
      fc.asyncProperty(fc.array(history, { minLength: 1, maxLength: 4 }), fc.nat(6), async (histories, cutOffAfter) => {
        const expected: string[] = []
        for (const { deletedAgo, ages, purged } of histories) {
          const campaignId = purged
            ? randomUUID()
            : (await buildCampaign(test.db, { userId, channelId: channel.id }, { recipients: 0 })).id
          const rows: Row[] = ages.map((minutes) => ({ campaignId, age: minutes, action: 'edit' }))
          if (deletedAgo !== null) rows.push({ campaignId, age: deletedAgo, action: 'delete' })
          await insertTrail(rows)
          const isYoung = (row: Row) => row.age < 30 * DAY
          const stays = (row: Row) =>
            isYoung(row) ||
            (deletedAgo !== null && (deletedAgo < 90 * DAY || (row.action === 'delete' && rows.some(isYoung))))
          expected.push(...rows.filter(stays).map(described))
        }
        // A run that dies halfway leaves nothing that the next one does not find.
        const deletedOnes = logSweeps(KEPT)[1] as Sweep
        for (let step = 0; step < cutOffAfter; step++) await deletedOnes.removeSome(test.db, 1)
        await audit.cleanup(test.db, KEPT)
        expect(await trail()).toEqual(expected.toSorted())
        await sql`truncate campaign_audit_logs`.execute(test.db)
      }),
      { numRuns: 120 },
    )
  }, 180_000)

  it('keeps what was noted yesterday about a campaign that was deleted 91 days ago', async () => {
    const campaignId = randomUUID()
    const of = (action: string, days: number) => ({ campaignId, action, age: days * DAY })
    await insertTrail([of('edit', 100), of('delete', 91), of('person-erase', 1)])
    expect((await countAll(test.db, logSweeps(KEPT)))['deleted_campaigns']).toBe(1)
    await audit.cleanup(test.db, KEPT)
    expect((await trail()).map((line) => line.split(' ')[1])).toEqual(['delete', 'person-erase'])
    await sql`update campaign_audit_logs set created_at = created_at - interval '30 days'`.execute(test.db)
    await audit.cleanup(test.db, KEPT)
    expect(await trail()).toEqual([])
  })

  it('cannot be cut shorter by anybody who asks for it', async () => {
    await insertTrail([{ campaignId: randomUUID(), age: 30 * DAY - 2, action: 'edit' }])
    for (const [log, days] of [
      ['campaign_audit_logs', 29],
      ['campaign_audit_logs', -1],
      ['deleted_campaigns', 89],
      ['audit_events', 0],
      ['campaign_error_logs', 0],
      ['users', 1000],
      ['campaign_audit_logs', null],
    ] as const) {
      const asked = sql`select delete_expired_rows(${log}, ${days}, 1000)`.execute(test.db)
      await expect(asked).rejects.toMatchObject({ code: '42501' })
    }
    expect(await trail()).toHaveLength(1)
  })

  it('is removed in chunks, however much there is', async () => {
    await sql`
      insert into campaign_audit_logs (campaign_id, action, created_at)
      select gen_random_uuid(), 'edit', clock_timestamp() - interval '31 days' from generate_series(1, 5001)
    `.execute(test.db)
    let chunks = 0
    const removed = await sweepAll(test.db, logSweeps(KEPT).slice(0, 1), async () => (chunks++, true))
    expect([removed, chunks]).toEqual([{ campaign_audit_logs: 5001 }, 3])
  })
})

describe('errors, events and what has expired', () => {
  it('go when their time is over, and the counts beforehand are those that go', async () => {
    const userId = await buildUser(test.db)
    for (const days of [29, 31]) {
      await sql`
        with e as (
          insert into campaign_error_logs (user_id, campaign_id, error_type, error_code, error_message, created_at)
          values (${userId}, gen_random_uuid(), 'TIMEOUT', 'X', 'x', clock_timestamp() - make_interval(days => ${days}))
        ), k as (
          insert into idempotency_keys (user_id, route, key_hash, request_hash, claim, expires_at)
          values (${userId}, 'x', ${Buffer.from([days])}, '', gen_random_uuid(), clock_timestamp() + make_interval(days => 30 - ${days}))
        )
        insert into audit_events (owner_id, action, created_at)
        values (${userId}, 'sign-in', clock_timestamp() - make_interval(days => ${days}))
      `.execute(test.db)
    }
    const sweeps = [...logSweeps(KEPT), expirySweep('idempotency_keys')]
    const counts = await countAll(test.db, sweeps)
    expect(counts).toEqual({
      campaign_audit_logs: 0,
      deleted_campaigns: 0,
      audit_events: 1,
      campaign_error_logs: 1,
      idempotency_keys: 1,
    })
    expect(await sweepAll(test.db, sweeps)).toEqual(counts)
    expect(Object.values(await countAll(test.db, sweeps))).toEqual([0, 0, 0, 0, 0])
    const left = await test.db.selectFrom('campaign_error_logs').selectAll().execute()
    expect(left).toHaveLength(1)
  })
})

describe('the daily job', () => {
  const noSweep: Sweep[] = []
  const job = (sweeps = noSweep) => new RetentionJob({ db: test.db, audit, log: testLog, sweeps })
  const setDue = (text: string) =>
    sql`update retention_runs set due_at = clock_timestamp() + ${text}::interval, owner = null`.execute(test.db)
  const runs = async () => (await test.db.selectFrom('audit_events').select('details').execute()).length

  it('is done by one of many workers, once a day, and a day that was missed is made up for', async () => {
    for (const missed of ['-1 second', '-1 day', '-40 days']) {
      await setDue(missed)
      const done = await Promise.all(Array.from({ length: 12 }, () => job().runIfDue()))
      expect(done.filter((removed) => removed !== null)).toHaveLength(1)
      expect(await job().runIfDue()).toBeNull()
    }
    expect(await runs()).toBe(3)
    await setDue('1 minute')
    expect(await job().runIfDue()).toBeNull()
    const { rows } = await sql`
      select from retention_runs where last_finished_at > clock_timestamp() - interval '1 minute'
    `.execute(test.db)
    expect(rows).toHaveLength(1)
  })

  it('is not taken from one who is at it, but from one who died', async () => {
    await setDue('-1 second')
    const claim = (expires: string) =>
      sql`
      update retention_runs set owner = gen_random_uuid(), owner_expires_at = clock_timestamp() + ${expires}::interval
    `.execute(test.db)
    await claim('1 minute')
    expect([await job().runIfDue(), await job().runNow()]).toEqual([null, null])
    await claim('-1 second')
    expect(await job().runIfDue()).toEqual({})
  })

  it('that fails, or is stopped halfway, is still due', async () => {
    await setDue('-1 second')
    const broken: Sweep = {
      name: 'broken',
      count: async () => 0,
      removeSome: () => Promise.reject(new Error('cut off')),
    }
    await expect(job([broken]).runIfDue()).rejects.toThrow('cut off')
    const stops: Promise<void>[] = []
    const endless: Sweep = {
      name: 'endless',
      count: async () => 0,
      removeSome: async (_db, most) => {
        stops.push(one.stop())
        return most
      },
    }
    const one = job([endless])
    expect(await one.runIfDue()).toEqual({ endless: 2000 })
    await Promise.all(stops)
    expect(await runs()).toBe(0)
    expect(await job().runIfDue()).toEqual({})
  })
})
