import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SandboxBehaviour } from '#contract/channels.ts'
import type { SingleMessage } from '#contract/messages.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { saveChannelStatus } from '#server/channels/channelQueries.ts'
import { transaction } from '#server/db/transaction.ts'
import { Bell } from '#server/lib/Bell.ts'
import { MessageService } from '#server/messages/MessageService.ts'
import { recount } from '#server/recipients/recipientQueries.ts'
import { buildCampaign, buildChannel, buildSender, buildUser, testSuppressions } from '#server/test/builders.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { withFaults } from '#server/test/withFaults.ts'
import type { CampaignSchedulerDeps } from './CampaignScheduler.ts'
import { DispatchTestBench, untilTrue, type Line } from './dispatchTestBench.ts'
import { ReconnectWatcher } from './ReconnectWatcher.ts'

const MINUTE = 60_000

let bench: DispatchTestBench
let bell: Bell
let messages: MessageService

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
beforeEach(() => {
  bell = new Bell()
  messages = new MessageService({ db: bench.db, audit: new AuditLogger(), suppressions: testSuppressions, bell })
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

/** A number of somebody, with nothing to send. */
type Number = { userId: string; channelId: string; sandboxUser: string }

async function newNumber(behaviour: SandboxBehaviour = {}, minDelayMs = 0): Promise<Number> {
  const userId = await buildUser(bench.db)
  const sandbox = { maxInFlight: 8, ...behaviour }
  const channel = await buildChannel(bench.db, userId, { sandbox, minDelayMs })
  return { userId, channelId: channel.id, sandboxUser: await bench.sandbox.register(channel.token, sandbox) }
}

const numberOf = ({ campaign, sandboxUser }: Line): Number => ({ ...campaign, sandboxUser })
const startWorker = (changes: Partial<CampaignSchedulerDeps> = {}) => bench.startWorker({ bell, ...changes })
const phoneOf = (n: number) => `+55119${String(20_000_000 + n)}`
const say = ({ userId, channelId }: Number, n = 1, more: object = {}): Promise<SingleMessage> =>
  messages.create(buildSender(userId), {
    channelId,
    phone: phoneOf(n),
    message: { type: 'text', content: `Recado ${n}` },
    unknownPolicy: 'resend',
    ...more,
  })
const sayMany = async (number: Number, count: number) => {
  const made: SingleMessage[] = []
  for (let n = 1; n <= count; n++) made.push(await say(number, n))
  return made
}
const accepted = async ({ sandboxUser }: Number) => bench.sandbox.ledger(sandboxUser, 'accepted')
const stateOf = async ({ userId }: Number, id: string) => (await messages.get(userId, id)).state
const untilState = (number: Number, { messageId }: SingleMessage, state: string) =>
  untilTrue(`state ${state}`, async () => (await stateOf(number, messageId)) === state)
const plans = ({ userId }: Number) =>
  bench.db.selectFrom('campaigns').selectAll().where('user_id', '=', userId).where('kind', '=', 'single').execute()
const set = (ids: string[], columns: object) =>
  bench.db.updateTable('campaigns').set(columns).where('id', 'in', ids).execute()
const history = async (id: string) =>
  (await new AuditLogger().getHistory(bench.db, id)).map(({ action, details }) => [action, details?.['reason']])

describe('a single message', () => {
  it('goes out at once, under its own id, and its books are closed', async () => {
    const number = await newNumber()
    const worker = await startWorker()
    const message = await say(number)
    await untilState(number, message, 'sent')
    expect((await accepted(number)).map(({ messageId }) => messageId)).toEqual([message.gatewayMessageId])
    await untilTrue('it is over', async () => (await plans(number))[0]?.status === 'completed')
    await untilTrue('nothing is held', async () => worker.activeQueues.size === 0 && worker.processingLocks.size === 0)
    expect((await plans(number))[0]).toMatchObject({ processing_lock: null })
    expect((await history(message.messageId)).map(([action]) => action)).toEqual(['create', 'start', 'complete'])
    const { drifted } = await transaction(bench.db, (trx) => recount(trx, number.userId, message.messageId))
    expect(drifted).toBe(false)
  })

  it('goes before everybody of a running campaign, and does not wait for the pause that the campaign has drawn', async () => {
    const line = await bench.newCampaign(200, { delayMs: MINUTE })
    const number = numberOf(line)
    await startWorker()
    await untilTrue('the campaign has begun', async () => (await accepted(number)).length === 1)
    const message = await say(number)
    await untilState(number, message, 'sent')
    await sleep(500)
    // Nor does it shorten that pause.
    expect((await accepted(number)).map(({ number: to }) => to)).toEqual(['5511910000001', phoneOf(1).slice(1)])
  })

  it('is the very next one also where the campaign has claimed its people already', async () => {
    const line = await bench.newCampaign(150, {}, { maxInFlight: 1, latencyMinMs: 20, latencyMaxMs: 20 })
    const number = numberOf(line)
    await startWorker()
    await untilTrue('the campaign runs', async () => (await accepted(number)).length > 5)
    const made: SingleMessage[] = []
    for (let n = 1; n <= 5; n++) {
      made.push(await say(number, n))
      await sleep(100)
    }
    for (const message of made) await untilState(number, message, 'sent')
    const ledger = await accepted(number)
    for (const { gatewayMessageId, createdAt } of made) {
      const between = ledger.slice(
        0,
        ledger.findIndex(({ messageId }) => messageId === gatewayMessageId),
      )
      // Those under way when it came, and during the two looks into the database that take it: never the batch of 100.
      expect(between.filter(({ t }) => t > createdAt).length).toBeLessThan(40)
    }
  })

  it('shares the pace of its channel with others and with campaigns', async () => {
    const number = await newNumber({}, 400)
    await buildCampaign(bench.db, number, { recipients: 3 })
    await sayMany(number, 4)
    await startWorker()
    await untilTrue('all are sent', async () => (await accepted(number)).length === 7)
    const ledger = await accepted(number)
    const gaps = ledger.slice(1).map(({ t }, i) => Date.parse(t) - Date.parse(ledger[i]?.t ?? ''))
    // A busy machine delays one and not the next.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250)
    expect(ledger.slice(0, 4).map(({ number: to }) => to)).toEqual([1, 2, 3, 4].map((n) => phoneOf(n).slice(1)))
  })

  it('finds the pace of its channel again after a restart', async () => {
    const number = await newNumber({}, 1500)
    const first = await startWorker()
    const message = await say(number, 1)
    await untilState(number, message, 'sent')
    await first.stop()
    const next = await say(number, 2)
    await startWorker()
    await untilState(number, next, 'sent')
    const [before, after] = (await accepted(number)).map(({ t }) => Date.parse(t))
    expect((after ?? 0) - (before ?? 0)).toBeGreaterThanOrEqual(1000)
  })

  it('whose attempt failed waits without keeping others from going', async () => {
    const number = await newNumber()
    const busy = { kind: 'answer' as const, status: 500, body: '{"error":"oops"}' }
    const failing = Array.from({ length: 40 }, (_, i) => phoneOf(i + 1).slice(1))
    await bench.sandbox.setScript(number.sandboxUser, Object.fromEntries(failing.map((to) => [to, [busy]])))
    const made = await sayMany(number, 41)
    await startWorker()
    await untilState(number, made[40] as SingleMessage, 'sent')
    expect(await messages.get(number.userId, made[0]?.messageId ?? '')).toMatchObject({
      state: 'waiting',
      reason: 'retry',
      category: 'API_ERROR',
      attempts: 1,
      nextAttemptAt: expect.any(String),
    })
    await untilTrue('all are sent', async () => (await accepted(number)).length === 41, 30_000)
    expect(new Set((await accepted(number)).map(({ messageId }) => messageId)).size).toBe(41)
  })

  it('of one user is not touched by the lane of another', async () => {
    const mine = await newNumber()
    const theirs = await newNumber()
    const [a, b] = [await say(mine), await say(theirs)]
    await startWorker()
    await untilState(mine, a, 'sent')
    await untilState(theirs, b, 'sent')
    expect((await accepted(mine)).map(({ messageId }) => messageId)).toEqual([a.gatewayMessageId])
    expect((await accepted(theirs)).map(({ messageId }) => messageId)).toEqual([b.gatewayMessageId])
  })
})

describe('after a restart', () => {
  it('a message goes on by itself, though the worker is new; a campaign waits for a person', async () => {
    const line = await bench.newCampaign(3)
    const number = numberOf(line)
    const message = await say(number)
    const longAgo = new Date(Date.now() - MINUTE)
    await set([line.campaign.id, message.messageId], { lock_renewed_at: longAgo })
    await startWorker()
    await untilState(number, message, 'sent')
    const synchronizer = bench.newSynchronizer()
    expect(await synchronizer.autoCorrect()).toEqual([line.campaign.id])
    expect(await bench.rowOf(line)).toMatchObject({ status: 'paused', pause_reason: 'restart' })
  })

  it('on our own database nothing pauses what waited, nor lists it as lost', async () => {
    const number = await newNumber()
    const message = await say(number)
    await set([message.messageId], { processing_lock: randomUUID(), lock_expires_at: new Date(Date.now() + MINUTE) })
    await set([message.messageId], { lock_renewed_at: new Date(Date.now() - MINUTE) })
    const synchronizer = bench.newSynchronizer()
    expect(await synchronizer.restoreRunningCampaigns()).toEqual([])
    const found = await synchronizer.detectInconsistencies()
    expect(found.filter(({ campaignId }) => campaignId === message.messageId)).toEqual([])
    await startWorker()
    await untilState(number, message, 'sent')
  })

  const die = async (message: SingleMessage) => {
    await bench.db
      .updateTable('campaign_contacts')
      .set({ status: 'sending', claim_epoch: 0, rendered_at: new Date() })
      .where('campaign_id', '=', message.messageId)
      .execute()
    await bench.db
      .updateTable('campaign_counts')
      .set({ sending: 1, pending: 0 })
      .where('campaign_id', '=', message.messageId)
      .execute()
  }

  it('one that was on its way is sent again under the same id', async () => {
    const number = await newNumber()
    const message = await say(number)
    await die(message)
    await startWorker()
    await untilState(number, message, 'sent')
    expect((await accepted(number)).map(({ messageId }) => messageId)).toEqual([message.gatewayMessageId])
  })

  it('one that may not be sent again ends as unknown', async () => {
    const number = await newNumber()
    const message = await say(number, 1, { unknownPolicy: 'hold' })
    await die(message)
    await startWorker()
    await untilState(number, message, 'unknown')
    expect(await accepted(number)).toEqual([])
    await untilTrue('it is over', async () => (await plans(number))[0]?.status === 'completed')
  })
})

describe('cancelling', () => {
  it('stops a message that is taken already and waits for the pace', async () => {
    const number = await newNumber({}, 2500)
    const worker = await startWorker()
    const [first, second, third] = (await sayMany(number, 3)) as [SingleMessage, SingleMessage, SingleMessage]
    await untilState(number, first, 'sent')
    await untilTrue('the next is claimed', async () => (await stateOf(number, second.messageId)) === 'sending')
    expect((await messages.cancel(buildSender(number.userId), second.messageId)).state).toBe('cancelled')
    await untilState(number, third, 'sent')
    expect(await accepted(number)).toHaveLength(2)
    expect(await stateOf(number, second.messageId)).toBe('cancelled')
    expect(worker.activeQueues.has(second.messageId)).toBe(false)
    const { drifted } = await transaction(bench.db, (trx) => recount(trx, number.userId, second.messageId))
    expect(drifted).toBe(false)
  })

  it('of one under way says what became of it', async () => {
    const number = await newNumber({ latencyMinMs: 400, latencyMaxMs: 400 })
    await startWorker()
    const message = await say(number)
    await untilTrue('it is read', async () => (await bench.sandbox.ledger(number.sandboxUser, 'read')).length === 1)
    await messages.cancel(buildSender(number.userId), message.messageId)
    await untilState(number, message, 'sent')
  })
})

describe('a message with a time', () => {
  const scheduled = async (number: Number, offsetMs: number) => {
    const message = await say(number, 1, { scheduledAt: new Date(Date.now() + MINUTE).toISOString() })
    await set([message.messageId], { scheduled_at: new Date(Date.now() + offsetMs) })
    return message
  }

  it('stays until then, and then goes', async () => {
    const number = await newNumber()
    const message = await scheduled(number, 700)
    await startWorker()
    const keeper = bench.newKeeper()
    await keeper.startDue()
    expect(await stateOf(number, message.messageId)).toBe('scheduled')
    await sleep(750)
    await keeper.startDue()
    await untilState(number, message, 'sent')
    expect(await history(message.messageId)).toContainEqual(['start', 'scheduled'])
  })

  it('that nobody could keep waits for a person', async () => {
    const number = await newNumber()
    const message = await scheduled(number, -16 * MINUTE)
    await bench.newKeeper().startDue()
    expect(await stateOf(number, message.messageId)).toBe('missed')
    await startWorker()
    await sleep(300)
    expect(await accepted(number)).toEqual([])
    await messages.send(buildSender(number.userId), message.messageId)
    await untilState(number, message, 'sent')
  })

  it('starts with two thousand others of the same instant', async () => {
    const number = await newNumber()
    await insertWaiting(number, 2500, 'scheduled')
    await bench.newKeeper().startDue()
    const counted = await plans(number)
    expect(new Set(counted.map(({ status }) => status))).toEqual(new Set(['running']))
    expect(counted.every(({ due_at }) => due_at !== null)).toBe(true)
  })
})

describe('a number that is gone', () => {
  const watcherOf = (number: Number) =>
    new ReconnectWatcher({
      db: bench.db,
      keeper: bench.newKeeper(),
      log: testLog,
      askEveryMs: 50,
      channels: {
        status: async () => {
          const channel = await bench.db
            .selectFrom('channels')
            .selectAll()
            .where('id', '=', number.channelId)
            .executeTakeFirstOrThrow()
          const gateways = bench.newGateways()
          const { connected, loggedIn } = await (await gateways.get(channel)).status()
          const status = connected && loggedIn ? 'ready' : 'disconnected'
          const checkedAt = (await saveChannelStatus(bench.db, number.channelId, status)).toISOString()
          await gateways.close()
          return { status, connected, loggedIn, number: null, checkedAt }
        },
      },
    })

  it('lets all its messages wait, fails none, and they go by themselves when it is back', async () => {
    const number = await newNumber()
    await bench.sandbox.setState(number.sandboxUser, { state: 'absent' })
    const made = await sayMany(number, 50)
    const worker = await startWorker()
    await untilTrue('it is noticed', async () => {
      const { state, reason } = await messages.get(number.userId, made[0]?.messageId ?? '')
      return state === 'waiting' && reason === 'disconnected'
    })
    await untilTrue('nothing is held', async () => worker.activeQueues.size === 0)
    const asked = (await bench.sandbox.ledger(number.sandboxUser, 'read')).length
    const late = await say(number, 51)
    const watcher = watcherOf(number)
    watcher.start()
    await sleep(400)
    // Nothing is tried on the number meanwhile, not even for those that come.
    expect(await bench.sandbox.ledger(number.sandboxUser, 'read')).toHaveLength(asked)
    expect(await messages.get(number.userId, late.messageId)).toMatchObject({
      state: 'waiting',
      reason: 'disconnected',
    })
    await bench.sandbox.setState(number.sandboxUser, { state: 'ready' })
    await untilTrue('the first is sent', async () => (await accepted(number)).length > 0)
    // Slower at first; that is not what is tested here.
    await bench.db.updateTable('channels').set({ slow_until: null }).where('id', '=', number.channelId).execute()
    await untilTrue('all are sent', async () => (await accepted(number)).length === 51)
    await watcher.stop()
    expect(new Set((await accepted(number)).map(({ messageId }) => messageId)).size).toBe(51)
    for (const { messageId } of made) expect((await messages.get(number.userId, messageId)).attempts).toBe(1)
  })

  it('goes slower at first', async () => {
    const number = await newNumber()
    await bench.db
      .updateTable('channels')
      .set({ held_reason: 'disconnected', held_at: new Date() })
      .where('id', '=', number.channelId)
      .execute()
    await sayMany(number, 2)
    await saveChannelStatus(bench.db, number.channelId, 'ready')
    await startWorker()
    await untilTrue('both are sent', async () => (await accepted(number)).length === 2)
    const [a, b] = (await accepted(number)).map(({ t }) => Date.parse(t))
    expect((b ?? 0) - (a ?? 0)).toBeGreaterThanOrEqual(1500)
  })

  it('that WhatsApp has blocked is not tried again because its gateway calls it ready', async () => {
    const number = await newNumber()
    const heldFor = (ms: number) =>
      bench.db
        .updateTable('channels')
        .set({ held_reason: 'blocked', held_at: new Date(Date.now() - ms) })
        .where('id', '=', number.channelId)
        .execute()
    const { messageId } = await say(number)
    await heldFor(MINUTE)
    await saveChannelStatus(bench.db, number.channelId, 'ready')
    expect(await messages.get(number.userId, messageId)).toMatchObject({ reason: 'blocked' })
    await heldFor(61 * MINUTE)
    await saveChannelStatus(bench.db, number.channelId, 'ready')
    expect(await messages.get(number.userId, messageId)).toMatchObject({ reason: null })
  })
})

/** Many at once, by the database itself. */
async function insertWaiting({ userId, channelId }: Number, count: number, status: 'running' | 'scheduled') {
  await sql`
    with made as (
      insert into campaigns (user_id, channel_id, kind, name, message_tag, messages, status, delay_min_ms, delay_max_ms,
        randomize_order, order_seed, preparing, auto_resume, due_at, started_at, running_since, scheduled_at)
      select ${userId}, ${channelId}, 'single', '', (select floor(random() * 4e9))::bigint + n, '[{"type":"text","content":"oi"}]',
        ${status}, 0, 0, false, 1, false, true, clock_timestamp(), clock_timestamp(), clock_timestamp(), clock_timestamp()
      from generate_series(1, ${count}) as n returning id
    ), numbered as (select id, row_number() over () as n from made),
    counted as (insert into campaign_counts (user_id, campaign_id, pending) select ${userId}, id, 1 from made)
    insert into campaign_contacts (user_id, campaign_id, id, processing_order, phone)
    select ${userId}, id, 1, 1, '+55119' || (20000000 + n) from numbered
  `.execute(bench.db)
}

describe('thousands that wait', () => {
  const heldIn = async (number: Number) =>
    (await plans(number)).filter(({ processing_lock }) => processing_lock !== null).length

  it('on a slow channel are neither held nor asked for, but for the few whose turn is near', async () => {
    const number = await newNumber({}, 1000)
    await insertWaiting(number, 2000, 'running')
    let statements = 0
    const worker = await startWorker({
      db: withFaults(bench.db, () => {
        statements++
        return 'none'
      }),
    })
    await untilTrue('it has begun', async () => (await accepted(number)).length >= 1)
    statements = 0
    const seen: number[] = []
    for (let second = 0; second < 3; second++) {
      await sleep(1000)
      seen.push(worker.activeQueues.size, await heldIn(number))
    }
    expect(Math.max(...seen)).toBeLessThanOrEqual(10)
    // Three messages in three seconds, and a look every poll of 50 ms.
    expect(statements).toBeLessThan(500)
  })

  it('on a fast one all go, each once, and never more than a few are held', async () => {
    const number = await newNumber({ maxInFlight: 16 })
    await insertWaiting(number, 1200, 'running')
    const worker = await startWorker()
    let most = 0
    await untilTrue(
      'all are sent',
      async () => {
        most = Math.max(most, worker.activeQueues.size)
        return (await bench.sandbox.ledger(number.sandboxUser, 'accepted')).length >= 1200
      },
      60_000,
    )
    expect(most).toBeLessThanOrEqual(32)
    expect(new Set((await accepted(number)).map(({ messageId }) => messageId)).size).toBe(1200)
    await untilTrue('all are over', async () => (await plans(number)).every(({ status }) => status === 'completed'))
    await untilTrue('nothing is held', async () => worker.activeQueues.size === 0)
  }, 90_000)
})
