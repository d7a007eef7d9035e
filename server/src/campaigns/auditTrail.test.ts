import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AuditAction } from '#server/audit/AuditLogger.ts'
import type { CampaignStatus } from '#contract/states.ts'
import { buildCampaign } from '#server/test/builders.ts'
import { createCampaignTestBench, type CampaignTestBench } from './campaignTestBench.ts'

let bench: CampaignTestBench
beforeAll(async () => {
  bench = await createCampaignTestBench()
})
afterAll(async () => bench.close())

/** What a person, a stranger or the product does to the campaign with this number, and the row it leaves if it works. */
type Act = { name: keyof typeof ACTS; campaign: number; value: number }

const BY_OWNER = {
  start: { method: 'POST', path: '/start', action: 'start' },
  pause: { method: 'POST', path: '/pause', action: 'pause' },
  resume: { method: 'POST', path: '/resume', action: 'resume' },
  cancel: { method: 'POST', path: '/cancel', action: 'cancel' },
  delete: { method: 'DELETE', path: '', action: 'delete' },
  edit: { method: 'PATCH', path: '/config', action: 'edit' },
  duplicate: { method: 'POST', path: '/duplicate', action: 'create' },
  nonsense: { method: 'PATCH', path: '/config', action: 'edit' },
} as const

type Written = { campaignId: string; action: AuditAction; byOwner: boolean }

const ACTS = {
  ...(Object.fromEntries(
    Object.keys(BY_OWNER).map((name) => [
      name,
      (id: string, value: number) => call(name as keyof typeof BY_OWNER, id, value),
    ]),
  ) as Record<keyof typeof BY_OWNER, (id: string, value: number) => Promise<Written[]>>),
  create: async (): Promise<Written[]> => {
    const answer = await bench.call('POST', '', bench.plan())
    expect(answer.statusCode).toBe(201)
    return [{ campaignId: answer.json().campaignId, action: 'create', byOwner: true }]
  },
  refusedCreate: async (): Promise<Written[]> => {
    const answer = await bench.call('POST', '', bench.plan({ channelId: randomUUID() }))
    expect(answer.statusCode).toBeGreaterThanOrEqual(400)
    return []
  },
  strangersStart: async (): Promise<Written[]> => {
    const answer = await bench.call('POST', `/${randomUUID()}/start`)
    expect(answer.statusCode).toBe(404)
    return []
  },
  lostSession: async (): Promise<Written[]> => {
    const running = await idsIn('running')
    const failure = {
      category: 'DISCONNECTED',
      code: 'X',
      message: 'x',
      permanent: false,
      scope: 'channel',
      fate: 'notSent',
    } as const
    await bench.keeper.pauseChannel({ userId: bench.user.id, id: bench.channel.id }, 'disconnected', {
      ...failure,
      notBefore: null,
    } as never)
    return running.map((campaignId) => ({ campaignId, action: 'auto-pause', byOwner: false }))
  },
  restart: async (): Promise<Written[]> => {
    const running = await idsIn('running')
    await bench.keeper.pauseAllAfterRestart()
    return running.map((campaignId) => ({ campaignId, action: 'restore', byOwner: false }))
  },
}

async function call(name: keyof typeof BY_OWNER, id: string, value: number): Promise<Written[]> {
  const { method, path, action } = BY_OWNER[name]
  const wished = await wishes(id)
  const payload =
    name === 'edit' ? { delayMin: 0, delayMax: value } : name === 'nonsense' ? { delayMax: -1 } : undefined
  const answer = await bench.call(method, `/${id}${path}`, payload)
  if (answer.statusCode >= 300) return []
  // Asking to start what was asked to start before is granted, and changes nothing.
  if (name === 'start' && wished) return []
  const campaignId = name === 'duplicate' ? answer.json<{ campaignId: string }>().campaignId : id
  return [{ campaignId, action, byOwner: true }]
}

async function wishes(id: string): Promise<boolean> {
  const row = await bench.db.selectFrom('campaigns').select('start_requested').where('id', '=', id).executeTakeFirst()
  return row?.start_requested === true
}

async function idsIn(status: CampaignStatus): Promise<string[]> {
  const rows = bench.db
    .selectFrom('campaigns')
    .select('id')
    .where('status', '=', status)
    .where('deleted_at', 'is', null)
  return (await rows.execute()).map(({ id }) => id)
}

async function clock(): Promise<Date> {
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(bench.db)
  return rows[0]?.at as Date
}

async function newRows(after: number) {
  return bench.db.selectFrom('campaign_audit_logs').selectAll().where('id', '>', after).orderBy('id').execute()
}

async function newestRow(): Promise<number> {
  const { rows } = await sql<{ id: number }>`select coalesce(max(id), 0) as id from campaign_audit_logs`.execute(
    bench.db,
  )
  return rows[0]?.id ?? 0
}

const LEADS_TO: Partial<Record<AuditAction, CampaignStatus>> = {
  start: 'running',
  resume: 'running',
  pause: 'paused',
  'auto-pause': 'paused',
  restore: 'paused',
  cancel: 'cancelled',
}

it('every operation has its one row with the right action, time and user, and a refused one has none', async () => {
  const statuses = fc.array(fc.constantFrom<CampaignStatus>('draft', 'running', 'paused', 'completed'), {
    minLength: 1,
    maxLength: 3,
  })
  const act: fc.Arbitrary<Act> = fc.record({
    name: fc.constantFrom(...(Object.keys(ACTS) as (keyof typeof ACTS)[])),
    campaign: fc.nat(2),
    value: fc.nat(300),
  })
  await fc.assert(
    fc.asyncProperty(statuses, fc.array(act, { minLength: 1, maxLength: 8 }), async (begins, acts) => {
      await sql`update campaigns set status = 'cancelled', deleted_at = now()`.execute(bench.db)
      const campaigns: { id: string; status: CampaignStatus }[] = []
      for (const status of begins) {
        campaigns.push({ id: (await buildCampaign(bench.db, bench.owner, { status, recipients: 1 })).id, status })
      }
      for (const { name, campaign, value } of acts) {
        const subject = campaigns[campaign % campaigns.length] as (typeof campaigns)[number]
        const [last, before] = [await newestRow(), await clock()]
        const expected = await ACTS[name](subject.id, value)
        const [rows, after] = [await newRows(last), await clock()]
        const brief = rows.map(({ campaign_id, action, user_id }) => ({
          campaignId: campaign_id,
          action,
          byOwner: user_id === bench.user.id,
        }))
        expect(brief.toSorted(byCampaign)).toEqual(expected.toSorted(byCampaign))
        for (const row of rows) {
          expect(row.owner_id).toBe(bench.user.id)
          expect([row.user_id, row.address]).toEqual(row.user_id === null ? [null, null] : [bench.user.id, '127.0.0.1'])
          expect(row.created_at.getTime()).toBeGreaterThanOrEqual(before.getTime())
          expect(row.created_at.getTime()).toBeLessThanOrEqual(after.getTime())
          const moved = campaigns.find(({ id }) => id === row.campaign_id)
          if (moved !== undefined) moved.status = LEADS_TO[row.action as AuditAction] ?? moved.status
        }
        // What the trail says is what is.
        for (const { id, status } of campaigns) expect(await statusOf(id)).toBe(status)
      }
    }),
    { numRuns: 110 },
  )
}, 240_000)

function byCampaign(a: Written | { campaignId: string }, b: { campaignId: string }): number {
  return a.campaignId < b.campaignId ? -1 : 1
}

async function statusOf(id: string): Promise<CampaignStatus> {
  const { status } = await bench.db
    .selectFrom('campaigns')
    .select('status')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return status
}
