import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Overview } from '#contract/overview.ts'
import type { CampaignFigures, CampaignReport } from '#contract/reports.ts'
import { NO_COUNTS, type Counts } from '#contract/states.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { campaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { moveCampaigns } from '#server/campaigns/campaignQueries.ts'
import { arm } from '#server/db/arming.ts'
import { transaction } from '#server/db/transaction.ts'
import { DispatchTestBench, untilTrue } from '#server/dispatch/dispatchTestBench.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { withoutGuard } from '#server/lib/csv.ts'
import { applyReceipts } from '#server/recipients/applyReceipts.ts'
import { buildCampaign, buildChannel, type BuiltCampaign } from '#server/test/builders.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { bucketSeconds } from './bucketSeconds.ts'
import { CampaignReporter } from './CampaignReporter.ts'
import { CountSampler } from './CountSampler.ts'
import { OverviewReader } from './OverviewReader.ts'
import { overviewRoutes } from './overviewRoutes.ts'
import { reportRoutes } from './reportRoutes.ts'

let bench: DispatchTestBench
let app: FastifyInstance
let sampler: CountSampler
let user: { id: string; cookie: string }
let channel: { id: string; token: string }

beforeAll(async () => {
  bench = await DispatchTestBench.open()
  const { db } = bench
  const limiter = campaignRateLimiter({ db, creations: 1000, operations: 1000, progress: 1000 })
  const audit = new AuditLogger()
  sampler = new CountSampler({ db, log: testLog })
  app = await createTestApp(db, {
    routes: [
      reportRoutes({ db, audit, limiter, reporter: new CampaignReporter({ db }) }),
      overviewRoutes({ limiter, overview: new OverviewReader({ db }) }),
    ],
  })
})
afterAll(async () => {
  await app.close()
  await bench.close()
})
beforeEach(async () => {
  user = await signInAs(app, bench.db, 'user')
  channel = await buildChannel(bench.db, user.id, { sandbox: { maxInFlight: 8 } })
})
afterEach(() => bench.clear())

function call(method: 'GET' | 'POST', path: string, payload?: object): Promise<LightMyRequestResponse> {
  const options = { method, url: `/api/user${path}`, headers: { cookie: user.cookie } }
  return app.inject(payload === undefined ? options : { ...options, payload })
}

const owner = () => ({ userId: user.id, channelId: channel.id })

async function reportOf(id: string): Promise<CampaignReport> {
  const answer = await call('GET', `/bulk-campaigns/${id}/report`)
  expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()])
  return answer.json<CampaignReport>()
}

async function overview(query = ''): Promise<Overview> {
  const answer = await call('GET', `/overview${query}`)
  expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()])
  return answer.json<Overview>()
}

async function setCounts({ id }: { id: string }, counts: Partial<Counts>): Promise<void> {
  await bench.db
    .updateTable('campaign_counts')
    .set({ ...NO_COUNTS, ...counts })
    .where('campaign_id', '=', id)
    .execute()
}

/** Columns as SQL: `{ started_at: "now() - interval '1 hour'" }`. */
async function setCampaign({ id }: { id: string }, columns: Record<string, string>): Promise<void> {
  const changes = Object.entries(columns).map(([name, value]) => sql`${sql.ref(name)} = ${sql.raw(value)}`)
  await sql`update campaigns set ${sql.join(changes)} where id = ${id}`.execute(bench.db)
}

async function samplesOf({ id }: { id: string }) {
  return bench.db.selectFrom('campaign_samples').selectAll().where('campaign_id', '=', id).orderBy('at').execute()
}

/** As if it had been so many minutes ago that the counters stood so. */
async function sampleAgo(campaign: BuiltCampaign, minutes: number, sums: number[]): Promise<void> {
  const [accepted = 0, delivered = 0, read = 0, failed = 0] = sums
  await sql`
    insert into campaign_samples (user_id, campaign_id, at, accepted, delivered, read, failed)
    values (${campaign.userId}, ${campaign.id}, clock_timestamp() - make_interval(mins => ${minutes}::int), ${accepted},
      ${delivered}, ${read}, ${failed})
  `.execute(bench.db)
}

async function setRecipient(campaign: BuiltCampaign, id: number, columns: Record<string, string>): Promise<void> {
  await bench.db
    .updateTable('campaign_contacts')
    .set(columns)
    .where('campaign_id', '=', campaign.id)
    .where('id', '=', id)
    .execute()
}

const sumOf = (points: CampaignReport['overTime']['points'], what: 'sent' | 'delivered' | 'read' | 'failed') =>
  points.reduce((sum, point) => sum + point[what], 0)

describe('the report of a campaign', () => {
  it('counts by the counters, and those whom nobody tried to write to are not in the rate of success', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 0 })
    await setCounts(campaign, { sent: 10, delivered: 20, read: 30, failed: 15, skipped: 20, cancelled: 5 })
    await setCampaign(campaign, { running_ms: '120000', running_since: 'null' })
    expect(await reportOf(campaign.id)).toMatchObject({
      campaignId: campaign.id,
      name: 'Test',
      channelName: 'Test',
      status: 'running',
      runningSeconds: 120,
      stats: { total: 100, pending: 0, sent: 10 },
      accepted: 60,
      successRate: 0.8,
      averageSpeed: 30,
    })
  })

  it('has no rate and no chart before anything happened', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 3, status: 'draft' })
    await setCounts(campaign, { skipped: 3 })
    const report = await reportOf(campaign.id)
    expect(report).toMatchObject({ successRate: null, averageSpeed: null, startedAt: null })
    expect(report.overTime).toEqual({ bucketSeconds: 0, points: [] })
  })

  it('names each reason of failures and omissions with how often, and whether another attempt may help', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 8 })
    const reasons: [string, string | null, string][] = [
      ['failed', 'INVALID_NUMBER', 'NO_ACCOUNT'],
      ['failed', 'INVALID_NUMBER', 'NO_ACCOUNT'],
      ['failed', 'TIMEOUT', 'ETIMEDOUT'],
      ['skipped', null, 'SUPPRESSED'],
      ['skipped', null, 'SUPPRESSED'],
      ['skipped', null, 'RECENTLY_WRITTEN'],
      // On its way again: what failed before is no reason of the books.
      ['retrying', 'SERVER_BUSY', 'HTTP_503'],
    ]
    for (const [index, [status, category, code]] of reasons.entries()) {
      await sql`
        update campaign_contacts set status = ${status}, error_category = ${category}, error_code = ${code}
        where campaign_id = ${campaign.id} and id = ${index + 1}
      `.execute(bench.db)
    }
    const { byError, bySkipReason } = await reportOf(campaign.id)
    expect(byError).toEqual([
      { category: 'INVALID_NUMBER', code: 'NO_ACCOUNT', count: 2, retryable: false },
      { category: 'TIMEOUT', code: 'ETIMEDOUT', count: 1, retryable: true },
    ])
    expect(bySkipReason).toEqual([
      { reason: 'SUPPRESSED', count: 2 },
      { reason: 'RECENTLY_WRITTEN', count: 1 },
    ])
  })

  it('shows over time what the books show in sum, in buckets of one length without a gap', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 0 })
    await setCampaign(campaign, { started_at: "clock_timestamp() - interval '100 minutes'" })
    await sampleAgo(campaign, 90, [10, 0, 0, 1])
    await sampleAgo(campaign, 60, [40, 30, 0, 1])
    // One of those accepted has failed since.
    await sampleAgo(campaign, 20, [39, 32, 20, 2])
    await setCounts(campaign, { sent: 5, delivered: 10, read: 30, failed: 3 })
    const { overTime, accepted } = await reportOf(campaign.id)
    const { points, bucketSeconds: seconds } = overTime
    expect([seconds, points.length]).toEqual([60, expect.toSatisfy((length: number) => length > 98 && length <= 102)])
    const steps = points.slice(1).map(({ at }, n) => Date.parse(at) - Date.parse(points[n]?.at ?? ''))
    expect(new Set(steps)).toEqual(new Set([60_000]))
    expect(points.filter(({ sent }) => sent > 0).map(({ sent }) => sent)).toEqual([10, 30, 6])
    expect([sumOf(points, 'sent'), sumOf(points, 'delivered'), sumOf(points, 'read'), sumOf(points, 'failed')]).toEqual(
      [accepted + 1, 40, 30, 3],
    )
  })

  it('of a short campaign does not get lost in the days in which people read it', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 0, status: 'completed' })
    await setCampaign(campaign, {
      started_at: "clock_timestamp() - interval '48 hours'",
      finished_at: "clock_timestamp() - interval '47 hours'",
    })
    await sampleAgo(campaign, 48 * 60 - 30, [50, 0, 0, 0])
    await sampleAgo(campaign, 47 * 60, [100, 60, 0, 0])
    await sampleAgo(campaign, 60, [100, 90, 70, 0])
    await setCounts(campaign, { sent: 5, delivered: 20, read: 75 })
    const { points, bucketSeconds: seconds } = (await reportOf(campaign.id)).overTime
    expect(seconds).toBe(120)
    const length = (Date.parse(points.at(-1)?.at ?? '') - Date.parse(points[0]?.at ?? '')) / 60_000
    expect(length).toBeGreaterThan(100)
    expect(length).toBeLessThan(121)
    expect([sumOf(points, 'sent'), sumOf(points, 'delivered'), sumOf(points, 'read')]).toEqual([100, 95, 75])
    expect(points.at(-1)).toMatchObject({ read: 75 })
  })

  it.each([1, 59, 600, 4000, 86_400, 86_400 * 40, 86_400 * 4000])(
    'never has more than 120 points, nor a bucket longer than it must be: %d s',
    (length) => {
      const from = new Date('2026-03-01T10:07:13Z')
      const to = new Date(from.getTime() + length * 1000)
      const seconds = bucketSeconds(from, to)
      expect(length / seconds).toBeLessThanOrEqual(120)
      expect(seconds).toBeLessThanOrEqual(Math.max(5, length / 8))
    },
  )
})

describe('the sampler', () => {
  it('notes the counters when they have changed, and only then', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 0 })
    await sampler.sample()
    expect(await samplesOf(campaign)).toEqual([])
    await setCounts(campaign, { pending: 5, sent: 2, delivered: 3, read: 4, failed: 1 })
    await Promise.all([sampler.sample(), sampler.sample()])
    await sampler.sample()
    const noted = await samplesOf(campaign)
    expect(
      new Set(noted.map(({ accepted, delivered, read, failed }) => [accepted, delivered, read, failed].join())),
    ).toEqual(new Set(['9,7,4,1']))
  })

  it('waits the longer between two the older a campaign is', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 0 })
    await setCampaign(campaign, { started_at: "clock_timestamp() - interval '8 hours'" })
    await setCounts(campaign, { sent: 10 })
    await sampleAgo(campaign, 1, [9, 0, 0, 0])
    await sampler.sample()
    expect(await samplesOf(campaign)).toHaveLength(1)
    // 8 hours in 240 samples: two minutes.
    await sql`update campaign_samples set at = at - interval '90 seconds' where campaign_id = ${campaign.id}`.execute(
      bench.db,
    )
    await sampler.sample()
    expect(await samplesOf(campaign)).toHaveLength(2)
  })

  it('follows receipts for three days after the end, and looks at no single message', async () => {
    const ended = await buildCampaign(bench.db, owner(), { recipients: 0, status: 'completed' })
    const old = await buildCampaign(bench.db, owner(), { recipients: 0, status: 'completed' })
    const single = await buildCampaign(bench.db, owner(), { recipients: 0 })
    await setCampaign(ended, { finished_at: "clock_timestamp() - interval '2 days'" })
    await setCampaign(old, { finished_at: "clock_timestamp() - interval '4 days'" })
    await setCampaign(single, { kind: "'single'" })
    for (const campaign of [ended, old, single]) await setCounts(campaign, { delivered: 1 })
    await sampler.sample()
    expect([await samplesOf(ended), await samplesOf(old), await samplesOf(single)]).toMatchObject([
      [{ delivered: 1 }],
      [],
      [],
    ])
  })
})

describe('the exported recipients', () => {
  const linesOf = (body: string) => body.slice(1).trimEnd().split('\r\n')

  it('are one line each, page after page, and no cell is a formula', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 4100 })
    await setRecipient(campaign, 7, { name: '=HYPERLINK("http://evil")' })
    await setRecipient(campaign, 4099, { status: 'failed', error_category: 'TIMEOUT', error_code: 'ETIMEDOUT' })
    const answer = await call('GET', `/bulk-campaigns/${campaign.id}/report/export`)
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8'])
    expect(answer.body.startsWith('\ufeff')).toBe(true)
    const [head, ...lines] = linesOf(answer.body)
    expect(head).toBe('"phone";"name";"status";"reason";"attempts";"sentAt";"deliveredAt";"readAt"')
    expect(lines).toHaveLength(4100)
    expect(new Set(lines.map((line) => line.split(';')[0])).size).toBe(4100)
    const cell = lines[6]?.split(';')[1]?.slice(1, -1).replaceAll('""', '"') ?? ''
    expect([cell[0], withoutGuard(cell)]).toEqual(["'", '=HYPERLINK("http://evil")'])
    expect(lines[4098]).toContain('"failed";"TIMEOUT ETIMEDOUT"')
    const some = await call('GET', `/bulk-campaigns/${campaign.id}/report/export?status=failed`)
    expect(linesOf(some.body)).toHaveLength(2)
    expect((await call('GET', `/bulk-campaigns/${campaign.id}/report/export?status=nothing`)).statusCode).toBe(400)
    const events = await bench.db.selectFrom('audit_events').selectAll().where('target', '=', campaign.id).execute()
    expect(events.map(({ action, user_id: by, details }) => [action, by, details])).toEqual([
      ['campaign-export', user.id, { status: 'all' }],
      ['campaign-export', user.id, { status: 'failed' }],
    ])
  })

  it('say when each was accepted, delivered and read, also where a receipt came first', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 5 })
    const at = (hour: number) => `2026-01-05T${hour}:00:00.000Z`
    for (const id of [1, 2, 3]) await setRecipient(campaign, id, { status: 'sent', status_at: at(10) })
    await setRecipient(campaign, 4, { status: 'sending' })
    const receipt = (id: number, state: 'delivered' | 'read' | 'failed') => ({
      campaignId: campaign.id,
      id,
      step: 0,
      isLastStep: true,
      state,
    })
    const apply = (...receipts: ReturnType<typeof receipt>[]) =>
      transaction(bench.db, (trx) => applyReceipts(trx, campaign.userId, receipts))
    await apply(receipt(1, 'delivered'), receipt(2, 'delivered'), receipt(3, 'failed'), receipt(4, 'read'))
    await bench.db
      .updateTable('campaign_contacts')
      .set({ status_at: new Date(at(11)) })
      .where('status', '=', 'delivered')
      .execute()
    await apply(receipt(2, 'read'))
    const answer = await call('GET', `/bulk-campaigns/${campaign.id}/report/export`)
    const rows = linesOf(answer.body)
      .slice(1)
      .map((line) => line.split(';').map((cell) => cell.slice(1, -1)))
    const now = expect.stringMatching(/^20\d\d-/)
    expect(rows.map((row) => [row[2], row[5], row[6], row[7]])).toEqual([
      ['delivered', at(10), at(11), ''],
      ['read', at(10), at(11), now],
      ['failed', at(10), '', ''],
      ['read', now, '', now],
      ['pending', '', '', ''],
    ])
  })
})

describe('campaigns side by side', () => {
  it('come in the order in which they were asked for', async () => {
    const campaigns = [await buildCampaign(bench.db, owner()), await buildCampaign(bench.db, owner())]
    const ids = campaigns.map(({ id }) => id).toReversed()
    const answer = await call('POST', '/bulk-campaigns/compare', { campaignIds: ids })
    const { items } = answer.json<{ items: CampaignFigures[] }>()
    expect(items.map(({ campaignId }) => campaignId)).toEqual(ids)
    expect(Object.keys(items[0] ?? {})).not.toContain('overTime')
  })

  it('are not there when one of them is not, and are at least two', async () => {
    const { id } = await buildCampaign(bench.db, owner())
    const missing = '00000000-0000-4000-8000-000000000000'
    expect((await call('POST', '/bulk-campaigns/compare', { campaignIds: [id, missing] })).statusCode).toBe(404)
    expect((await call('POST', '/bulk-campaigns/compare', { campaignIds: [id] })).statusCode).toBe(400)
  })
})

describe('the overview', () => {
  it('shows what was sent today by number, as the gateway wrote it down, and what runs with its estimate', async () => {
    const sandboxUser = await bench.sandbox.register(channel.token, { maxInFlight: 8 })
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 40 })
    const waiting = await buildCampaign(bench.db, owner(), { recipients: 10, delayMs: 60_000, status: 'draft' })
    await bench.startWorker()
    await untilTrue(
      'all of it is sent',
      async () => (await bench.sandbox.ledger(sandboxUser, 'accepted')).length === 40,
    )
    await bench.untilStatus({ campaign, sandboxUser }, 'completed')
    await transaction(bench.db, (trx) => moveCampaigns(trx, 'running', { id: waiting.id }))
    await sampler.sample()
    const seen = await overview()
    expect(seen.channels).toMatchObject([{ id: channel.id, sentToday: 40, dailyCap: null, status: 'unknown' }])
    expect(seen.today).toMatchObject({ sent: 40, failed: 0 })
    expect(seen.lastFinished.map(({ id }) => id)).toEqual([campaign.id])
    expect(seen.running).toMatchObject([{ id: waiting.id, stats: { total: 10 } }])
    expect(seen.running[0]?.estimatedSecondsRemaining).toBeGreaterThan(400)
  })

  it('counts of a campaign that runs past midnight only what came after', async () => {
    const campaign = await buildCampaign(bench.db, owner(), { recipients: 0 })
    await setCampaign(campaign, { started_at: "clock_timestamp() - interval '2 days'" })
    await sampleAgo(campaign, 2 * 24 * 60, [100, 50, 20, 5])
    await sampleAgo(campaign, 25 * 60, [300, 200, 90, 6])
    await setCounts(campaign, { sent: 60, delivered: 110, read: 160, failed: 8 })
    await sampler.sample()
    expect((await overview()).today).toEqual({ sent: 30, delivered: 70, read: 70, failed: 2 })
    expect((await call('GET', '/overview?timeZone=Mars%2FOlympus')).statusCode).toBe(422)
    expect((await overview('?timeZone=Asia%2FTokyo')).today.sent).toBeGreaterThanOrEqual(30)
  })

  it('says what is paused, since when, on which number and for how many, what stopped by itself first', async () => {
    const [byHand, byItself] = [
      await buildCampaign(bench.db, owner()),
      await buildCampaign(bench.db, owner(), { recipients: 9 }),
    ]
    const pause = (id: string, pauseReason: 'user' | 'disconnected') =>
      transaction(bench.db, (trx) => moveCampaigns(trx, 'paused', { id, pauseReason }))
    await pause(byItself.id, 'disconnected')
    await pause(byHand.id, 'user')
    const { paused, at } = await overview()
    expect(paused).toMatchObject([
      { id: byItself.id, pauseReason: 'disconnected', waiting: 9, channelId: channel.id, channelName: 'Test' },
      { id: byHand.id, pauseReason: 'user', waiting: 3 },
    ])
    for (const { since } of paused) expect(Math.abs(Date.parse(at) - Date.parse(since))).toBeLessThan(20_000)
    await transaction(bench.db, (trx) => moveCampaigns(trx, 'running', { id: byItself.id }))
    expect((await bench.rowOf({ campaign: byItself, sandboxUser: '' })).paused_at).toBeNull()
  })

  it('says of a copy that it may not send, until it is armed', async () => {
    expect((await overview()).armed).toBe(true)
    await bench.db.updateTable('installation').set({ armed_for: 'elsewhere' }).execute()
    expect((await overview()).armed).toBe(false)
    await arm(bench.db)
    expect((await overview()).armed).toBe(true)
  })

  it('shows the next five that start, the soonest first, and nothing of somebody else', async () => {
    const ids: string[] = []
    for (const hours of [3, 1, 6, 2, 5, 4]) {
      const campaign = await buildCampaign(bench.db, owner(), { status: 'scheduled' })
      await setCampaign(campaign, { scheduled_at: `clock_timestamp() + interval '${hours} hours'` })
      ids[hours] = campaign.id
    }
    expect((await overview()).scheduled.map(({ id }) => id)).toEqual(ids.slice(1, 6))
    user = await signInAs(app, bench.db, 'user')
    expect(await overview()).toMatchObject({ running: [], scheduled: [], paused: [], channels: [], lastFinished: [] })
  })
})
