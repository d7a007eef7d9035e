import { randomUUID } from 'node:crypto'
import { parse } from 'csv-parse/sync'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AdminAuditRow, AuditRow } from '#contract/audit.ts'
import { transaction } from '#server/db/transaction.ts'
import { errorLogRoutes } from '#server/dispatch/errorLogRoutes.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { buildCampaign, buildChannel, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { AuditLogger } from './AuditLogger.ts'
import { auditRoutes } from './auditRoutes.ts'

type Page<T> = { items: T[]; nextCursor: string | null }
const HOSTILE = '=HYPERLINK("http://x")\r\n2026,forged\u001b[31m'

const audit = new AuditLogger()
let test: TestDatabase
let app: FastifyInstance
let owner: Awaited<ReturnType<typeof signInAs>>
let admin: Awaited<ReturnType<typeof signInAs>>
let campaign: BuiltCampaign

beforeAll(async () => {
  test = await createTestDatabase()
  app = await createTestApp(test.db, { routes: [auditRoutes({ db: test.db, audit }), errorLogRoutes({ db: test.db })] })
  owner = await signInAs(app, test.db, 'user')
  admin = await signInAs(app, test.db, 'admin')
  const channel = await buildChannel(test.db, owner.id)
  campaign = await buildCampaign(test.db, { userId: owner.id, channelId: channel.id })
  await sql`truncate audit_events`.execute(test.db)
})
afterEach(() => sql`truncate campaign_audit_logs, audit_events, campaign_error_logs`.execute(test.db))
afterAll(async () => {
  await app.close()
  await test.close()
})

const get = (url: string, { cookie } = owner) => app.inject({ method: 'GET', url, headers: { cookie } })
const trailOf = (id: string) => `/api/user/bulk-campaigns/${id}/audit`

async function log(action: 'edit' | 'pause' | 'delete', details: Record<string, unknown> = {}, address = '10.1.2.3') {
  await transaction(test.db, (trx) =>
    audit.log(trx, { campaignId: campaign.id, userId: owner.id, action, details, address }),
  )
}

/** Every page after the other, two rows at a time. */
async function all<T>(url: string, who = owner): Promise<T[]> {
  const found: T[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await get(
      `${url}${url.includes('?') ? '&' : '?'}limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      who,
    )
    expect(answer.statusCode).toBe(200)
    const page: Page<T> = answer.json()
    found.push(...page.items)
    cursor = page.nextCursor
  }
  return found
}

describe('the trail of a campaign', () => {
  it('is read in pages, from either end, with who did it and from where', async () => {
    for (let n = 0; n < 5; n++) await log('edit', { n })
    const oldest = await all<AuditRow>(trailOf(campaign.id))
    expect(oldest.map(({ details }) => details['n'])).toEqual([0, 1, 2, 3, 4])
    const newest = await all<AuditRow>(`${trailOf(campaign.id)}?order=newest`)
    expect(newest).toEqual(oldest.toReversed())
    expect(oldest[0]).toMatchObject({ action: 'edit', userId: owner.id, userName: 'Test user', address: '10.1.2.3' })
  })

  it('is there for its owner also when the campaign is deleted, and when it is purged', async () => {
    const built = await buildCampaign(test.db, { userId: owner.id, channelId: campaign.channelId })
    await transaction(test.db, (trx) =>
      audit.log(trx, { campaignId: built.id, userId: owner.id, action: 'delete', address: 'fe80::1%eth0' }),
    )
    await test.db.deleteFrom('campaigns').where('id', '=', built.id).execute()
    expect(await all<AuditRow>(trailOf(built.id))).toMatchObject([{ action: 'delete', address: 'fe80::1' }])
    for (const id of [built.id, campaign.id]) expect((await get(trailOf(id), admin)).statusCode).toBe(404)
    expect((await get(trailOf(randomUUID()))).statusCode).toBe(404)
  })

  it('refuses what is no cursor of ours', async () => {
    for (const cursor of ['x', '-1', '9'.repeat(30), "1'"]) {
      expect((await get(`${trailOf(campaign.id)}?cursor=${cursor}`)).statusCode).toBe(400)
      expect((await get(`/api/admin/audit?cursor=${cursor}`, admin)).statusCode).toBe(400)
    }
  })

  it('cannot be written or removed through the API', async () => {
    await log('pause')
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      for (const url of [trailOf(campaign.id), `${trailOf(campaign.id)}/1`, '/api/admin/audit', '/api/admin/audit/1']) {
        const answer = await app.inject({ method, url, headers: { cookie: admin.cookie }, payload: {} })
        expect(answer.statusCode).toBe(404)
      }
    }
    expect(await all<AuditRow>(trailOf(campaign.id))).toHaveLength(1)
  })
})

describe('the trail of all accounts', () => {
  async function fill(): Promise<void> {
    for (let n = 0; n < 3; n++) {
      await log('edit', { n })
      await audit.logEvent(test.db, { action: 'api-key-create', userId: owner.id, target: `key ${n}` })
    }
    // One instant for all: the pages must not lose what shares it.
    await sql`update campaign_audit_logs set created_at = '2026-03-01T00:00:00.123456Z'`.execute(test.db)
    await sql`update audit_events set created_at = '2026-03-01T00:00:00.123456Z'`.execute(test.db)
    await audit.logEvent(test.db, { action: 'sign-in-refused', userId: null, address: '203.0.113.9' })
  }

  it('is one list, newest first, each row once, for administrators only', async () => {
    await fill()
    const rows = await all<AdminAuditRow>('/api/admin/audit', admin)
    expect(rows.map(({ action }) => action)).toEqual([
      'sign-in-refused',
      ...['api-key-create', 'api-key-create', 'api-key-create'],
      ...['edit', 'edit', 'edit'],
    ])
    expect(new Set(rows.map(({ id }) => id)).size).toBe(7)
    expect(rows[0]).toMatchObject({ userId: null, ownerId: null, campaignId: null, address: '203.0.113.9' })
    expect(rows[1]).toMatchObject({ userId: owner.id, ownerId: owner.id, target: 'key 2' })
    expect(rows.at(-1)).toMatchObject({ campaignId: campaign.id, ownerId: owner.id, details: { n: 0 } })
    expect((await get('/api/admin/audit')).statusCode).toBe(403)
    expect((await get('/api/admin/audit/export')).statusCode).toBe(403)
  })

  it.each<[string, number]>([
    ['action=edit', 3],
    ['action=api-key-create', 3],
    ['to=2026-03-01T00:00:00.123456Z', 0],
    ['from=2026-03-01T00:00:00.123456Z&to=2026-03-01T00:00:00.123457Z', 6],
    ['from=2026-03-02T00:00:00Z', 1],
  ])('is filtered by %s', async (query, count) => {
    await fill()
    expect(await all<AdminAuditRow>(`/api/admin/audit?${query}`, admin)).toHaveLength(count)
  })

  it('is filtered by campaign and by user', async () => {
    await fill()
    expect(await all<AdminAuditRow>(`/api/admin/audit?campaign=${campaign.id}`, admin)).toHaveLength(3)
    expect(await all<AdminAuditRow>(`/api/admin/audit?user=${owner.id}`, admin)).toHaveLength(6)
    expect(await all<AdminAuditRow>(`/api/admin/audit?user=${admin.id}`, admin)).toHaveLength(0)
    expect((await get('/api/admin/audit?user=x', admin)).statusCode).toBe(400)
  })

  it('is exported without a formula or a forged line, and the export is noted', async () => {
    await log('edit', { name: HOSTILE })
    await audit.logEvent(test.db, { action: 'channel-edit', userId: owner.id, target: HOSTILE })
    await test.db.updateTable('users').set({ name: HOSTILE }).where('id', '=', owner.id).execute()
    const answer = await get('/api/admin/audit/export', admin)
    expect(answer.headers['content-type']).toContain('text/csv')
    const rows: Record<string, string>[] = parse(answer.body, { columns: true, bom: true })
    expect(rows.map((row) => row['action'])).toEqual(['audit-export', 'channel-edit', 'edit'])
    expect(rows[1]?.['target']).toMatch(/^'=HYPERLINK/)
    expect(rows[1]?.['userName']).toMatch(/^'=HYPERLINK/)
    expect(JSON.parse(rows[2]?.['details'] ?? '')).toEqual({
      name: String.raw`=HYPERLINK("http://x")\u000d\u000a2026,forged\u001b[31m`,
    })
    expect(answer.body).not.toContain('\u001b')
    expect(answer.body.split('\r\n')).toHaveLength(5)
  })
})

describe('the error log of a campaign', () => {
  it('is read in pages, newest first, with the phones of the owner’s own people', async () => {
    for (let n = 1; n <= 5; n++) {
      await sql`
        insert into campaign_error_logs (user_id, campaign_id, contact_id, error_type, error_code, error_message)
        values (${owner.id}, ${campaign.id}, ${n === 5 ? null : ((n - 1) % 3) + 1}, 'TIMEOUT', ${`E${n}`}, 'x')
      `.execute(test.db)
    }
    const errors = await all<{ code: string; phone: string | null }>(`/api/user/bulk-campaigns/${campaign.id}/errors`)
    expect(errors.map(({ code }) => code)).toEqual(['E5', 'E4', 'E3', 'E2', 'E1'])
    expect(errors.map(({ phone }) => phone)).toEqual([null, ...[1, 3, 2, 1].map((n) => `+551191000000${n}`)])
    expect((await get(`/api/user/bulk-campaigns/${campaign.id}/errors`, admin)).statusCode).toBe(404)
    expect((await get(`/api/user/bulk-campaigns/${campaign.id}/errors?cursor=x`)).statusCode).toBe(400)
  })
})
