import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { ChannelService } from '#server/channels/ChannelService.ts'
import { DispatchTestBench, untilTrue, type Line } from '#server/dispatch/dispatchTestBench.ts'
import { ReconnectWatcher } from '#server/dispatch/ReconnectWatcher.ts'
import { createTestApp } from '#server/http/testApp.ts'
import type { StateChange } from '#server/sandbox/settings.ts'
import { testBox } from '#server/test/builders.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { ConnectionApplier } from './ConnectionApplier.ts'
import { decideConnection, type ConnectionEvent } from './decideConnection.ts'
import { hookRoutes } from './hookRoutes.ts'

let bench: DispatchTestBench
let app: FastifyInstance
let channels: ChannelService
let applier: ConnectionApplier
let line: Line

beforeAll(async () => {
  bench = await DispatchTestBench.open()
  const { db } = bench
  channels = new ChannelService({
    db,
    box: testBox,
    gateways: bench.newGateways(),
    sandbox: async () => ({ url: bench.sandbox.url, adminToken: '' }),
    publicUrl: null,
    localUrl: () => null,
    allowedHosts: [],
    log: testLog,
  })
  app = await createTestApp(db, {
    routes: [hookRoutes({ db, box: testBox, onStored: () => applier.nudge() })],
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
})
beforeEach(async () => {
  await bench.db.deleteFrom('webhook_inbox').execute()
  applier = newApplier()
  applier.start()
  line = await bench.newCampaign(3)
})
afterEach(async () => {
  await applier.stop()
  await bench.clear()
})
afterAll(async () => {
  await app.close()
  await bench.close()
})

function newApplier(status: ChannelService['status'] = (...of) => channels.status(...of)): ConnectionApplier {
  const keeper = bench.newKeeper()
  return new ConnectionApplier({
    db: bench.db,
    channels: { status },
    keeper,
    onConnected: () => undefined,
    log: testLog,
    pollMs: 50,
  })
}

const secretOf = (channelId: string) => testBox.derive(`webhook-secret/${channelId}`)

function report(type: string, event: unknown = {}, of: Line = line, secret = secretOf(of.campaign.channelId)) {
  return app.inject({
    method: 'POST',
    url: `/api/hooks/${of.campaign.channelId}/${secret}`,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ type, event, userID: 'x', instanceName: 'y' }),
  })
}

const setState = (change: StateChange, of: Line = line) => bench.sandbox.setState(of.sandboxUser, change)
const untilInboxIsEmpty = () =>
  untilTrue(
    'the inbox is empty',
    async () => (await bench.db.selectFrom('webhook_inbox').selectAll().execute()).length === 0,
  )

function channelOf({ campaign }: Line) {
  return bench.db.selectFrom('channels').selectAll().where('id', '=', campaign.channelId).executeTakeFirstOrThrow()
}

function auditOf({ campaign }: Line) {
  return bench.db.selectFrom('campaign_audit_logs').selectAll().where('campaign_id', '=', campaign.id).execute()
}

function errorsOf({ campaign }: Line) {
  return bench.db.selectFrom('campaign_error_logs').selectAll().where('campaign_id', '=', campaign.id).execute()
}

it.each([
  ['Disconnected', {}, { state: 'dropped', event: null }, 'disconnected', 'disconnected'],
  ['ConnectFailure', { Reason: 400 }, { state: 'dropped', event: null }, 'disconnected', 'disconnected'],
  ['LoggedOut', { OnConnect: true, Reason: 401 }, { state: 'absent', event: null }, 'disconnected', 'logged_out'],
  ['TemporaryBan', { Code: 101, Expire: 3.6e12 }, { state: 'ready' }, 'blocked', 'disconnected'],
] as const)(
  '%s pauses the campaigns of its number within a second, once',
  async (type, event, state, reason, status) => {
    await setState(state)
    const other = await bench.newCampaign(3)
    const started = performance.now()
    expect((await report(type, event)).statusCode).toBe(200)
    await bench.untilStatus(line, 'paused')
    expect(performance.now() - started).toBeLessThan(1000)
    await report(type, event)
    await untilInboxIsEmpty()
    expect(await bench.rowOf(line)).toMatchObject({ pause_reason: reason })
    expect(await channelOf(line)).toMatchObject({ status })
    expect(await auditOf(line)).toMatchObject([{ action: 'auto-pause', details: { reason } }])
    expect(await errorsOf(line)).toHaveLength(1)
    expect(await bench.counts(line)).toMatchObject({ pending: 3, failed: 0 })
    expect((await bench.rowOf(other)).status).toBe('running')
  },
)

it('a ban keeps the number silent until its end, also if somebody resumes before', async () => {
  await report('TemporaryBan', { Code: 101, Expire: 3_600_000_000_000 })
  await bench.untilStatus(line, 'paused')
  await untilTrue('it waits', async () => (await channelOf(line)).back_off_until !== null)
  const inMs = ((await channelOf(line)).back_off_until?.getTime() ?? 0) - Date.now()
  expect(Math.abs(inMs - 3_600_000)).toBeLessThan(60_000)
  await bench.moveTo(line, 'running')
  await bench.startWorker()
  await sleep(500)
  expect(await bench.accepted(line)).toEqual([])
})

it('a report that is out of date pauses nothing: the gateway calls the number ready', async () => {
  await report('Disconnected')
  await untilInboxIsEmpty()
  expect((await bench.rowOf(line)).status).toBe('running')
  expect(await channelOf(line)).toMatchObject({ status: 'ready' })
  expect(await auditOf(line)).toEqual([])
})

it('a gateway that does not answer the question leaves the report standing, within a second', async () => {
  await applier.stop()
  applier = newApplier(() => new Promise(() => undefined))
  applier.start()
  const started = performance.now()
  await report('Disconnected')
  await bench.untilStatus(line, 'paused')
  expect(performance.now() - started).toBeLessThan(1000)
})

it('Connected shows the number as ready, and what asked for it goes on by itself at once', async () => {
  await bench.db.updateTable('campaigns').set({ auto_resume: true }).where('id', '=', line.campaign.id).execute()
  await setState({ state: 'dropped', event: null })
  await report('Disconnected')
  await bench.untilStatus(line, 'paused')
  const watcher = new ReconnectWatcher({ db: bench.db, channels, keeper: bench.newKeeper(), log: testLog })
  watcher.start()
  await sleep(100)
  expect((await bench.rowOf(line)).status).toBe('paused')
  await setState({ state: 'ready', event: null })
  await report('Connected')
  await untilTrue('it is shown', async () => (await channelOf(line)).status === 'ready')
  watcher.nudge()
  await bench.untilStatus(line, 'running')
  await watcher.stop()
  expect((await auditOf(line)).map(({ action }) => action)).toEqual(['auto-pause', 'resume'])
})

it('gone, back and gone again, in the same bytes, ends as gone', async () => {
  await applier.stop()
  await setState({ state: 'dropped', event: null })
  for (const type of ['Disconnected', 'Connected', 'Disconnected']) await report(type)
  const two = [newApplier(), newApplier()]
  await Promise.all(two.map((one) => one.applyNext()))
  expect(await bench.rowOf(line)).toMatchObject({ status: 'paused', pause_reason: 'disconnected' })
  expect(await channelOf(line)).toMatchObject({ status: 'disconnected' })
  expect(await auditOf(line)).toHaveLength(1)
})

it('what a process took and died over is applied by another', async () => {
  await applier.stop()
  await setState({ state: 'dropped', event: null })
  await report('Disconnected')
  await bench.db
    .updateTable('webhook_inbox')
    .set({ retry_at: new Date(Date.now() + 300) })
    .execute()
  const other = newApplier()
  expect(await other.applyNext()).toBe(false)
  await sleep(400)
  expect(await other.applyNext()).toBe(true)
  expect((await bench.rowOf(line)).status).toBe('paused')
})

it('nobody without the secret of the channel can pause anything', async () => {
  const stranger = await bench.newCampaign(1)
  await setState({ state: 'dropped', event: null })
  const refused = [
    await report('LoggedOut', {}, line, 'wrong'),
    await report('LoggedOut', {}, line, secretOf(stranger.campaign.channelId)),
  ]
  expect(refused.map(({ statusCode }) => statusCode)).toEqual([403, 403])
  expect(await bench.db.selectFrom('webhook_inbox').selectAll().execute()).toEqual([])
  expect((await bench.rowOf(line)).status).toBe('running')
})

it('of a run of reports the last connection counts, and of what came after it the worst', () => {
  const event = (state: ConnectionEvent['state'], until: string | null = null) =>
    ({ type: 'connection', state, until }) as const
  const reasonOf = (...events: ConnectionEvent[]) => decideConnection('wuzapi', events).pause?.reason ?? null
  expect(reasonOf(event('banned'), event('connected'))).toBe(null)
  expect(reasonOf(event('connected'), event('disconnected'))).toBe('disconnected')
  expect(reasonOf(event('banned'), event('disconnected'))).toBe('blocked')
  expect(decideConnection('cloud', [event('logged_out')]).pause).toMatchObject({
    reason: 'unauthorized',
    status: 'unauthorized',
    failure: { category: 'UNAUTHORIZED' },
  })
  const now = Date.UTC(2026, 0, 1)
  const until = decideConnection('wuzapi', [event('banned', '2099-01-01T00:00:00Z')], now).pause?.until
  expect(until?.getTime()).toBe(now + 30 * 86_400_000)
})
