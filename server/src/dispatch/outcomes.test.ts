import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SendOutcome } from '#server/channels/gateways/Gateway.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { DispatchTestBench, type Line } from './dispatchTestBench.ts'
import { scriptedCampaign, scriptedGateways, soon, wuzapiFailure } from './scriptedTestBench.ts'

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterAll(() => bench.close())

const SENDING = 'error sending message: '
const OK: SendOutcome = { ok: true }

/** Each ends the session for all that follows: before anything was sent, after it may have been, with the token refused. */
const GONE = {
  'no session': wuzapiFailure(500, 'no session'),
  'not connected': wuzapiFailure(500, `${SENDING}failed to send message node: websocket not connected`),
  'dropped while sending': wuzapiFailure(500, `${SENDING}websocket disconnected before message send returned response`),
  'logged out': wuzapiFailure(500, `${SENDING}the store doesn't contain a device JID`),
  'token refused': wuzapiFailure(401, 'unauthorized'),
}

const FAILURES = {
  ...GONE,
  unregistered: wuzapiFailure(500, `${SENDING}no LID found for 5511988887777@s.whatsapp.net from server`),
  blocked: wuzapiFailure(500, `${SENDING}server returned error 403`),
  limited: wuzapiFailure(429, 'slow down'),
  'no new chats': wuzapiFailure(500, `${SENDING}server returned error 463`),
  busy: wuzapiFailure(500, 'database is locked'),
  'no answer in time': wuzapiFailure(504, 'upstream timed out'),
  'not sent in time': wuzapiFailure(500, `${SENDING}info query timed out`),
  'bad request': wuzapiFailure(400, 'missing Phone in Payload'),
  unheard: wuzapiFailure(500, 'a sentence nobody wrote down'),
}

it('whenever the session is lost, every campaign of the channel is paused and nobody has failed', async () => {
  const loss = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 }),
    inFlight: fc.integer({ min: 1, max: 6 }),
    why: fc.constantFrom(...(Object.keys(GONE) as (keyof typeof GONE)[])),
    after: fc.nat(11),
  })
  await fc.assert(
    fc.asyncProperty(loss, async ({ sizes, inFlight, why, after }) => {
      const [first, ...more] = sizes as [number, ...number[]]
      const line = await scriptedCampaign(bench, first)
      const lines = [line, ...(await Promise.all(more.map((n) => scriptedCampaign(bench, n, { beside: line }))))]
      const total = sizes.reduce((sum, n) => sum + n, 0)
      const failure = GONE[why]
      let answers = 0
      const script = () => (answers++ < after % total ? OK : { ok: false as const, failure })
      const { gateways } = scriptedGateways(bench, script, inFlight)
      const worker = await bench.startWorker({ gateways, pollMs: 5 })
      await soon(async () => (await statesOf(lines)).every((status) => status !== 'running'))
      await worker.stop()

      const states = await statesOf(lines)
      expect(states).toContain('paused')
      const rows = await rowsOf(lines)
      for (const [n, state] of states.entries()) {
        const { campaign } = lines[n] as Line
        expect((await bench.rowOf(lines[n] as Line)).pause_reason).toBe(
          state === 'completed' ? null : failure.category === 'UNAUTHORIZED' ? 'unauthorized' : 'disconnected',
        )
        expect(await autoPausesOf(campaign.id)).toBe(state === 'paused' ? 1 : 0)
      }
      expect(rows.filter(({ status }) => !['sent', 'pending', 'retrying'].includes(status))).toEqual([])
      expect(rows.filter(({ status }) => status === 'sent')).toHaveLength(after % total)
      // Not sent for sure: as if nobody had tried.
      const untouched = rows.filter((row) => row.status !== 'sent' && !row.maybe_sent)
      expect(untouched.every(({ status, attempts }) => status === 'pending' && attempts === 0)).toBe(true)
    }),
    { numRuns: 100, endOnFailure: true },
  )
}, 120_000)

it('every failed attempt has its own row in the error log, of its recipient and with its code, and every pause by itself one', async () => {
  const answers = fc.array(fc.option(fc.constantFrom(...(Object.keys(FAILURES) as (keyof typeof FAILURES)[]))), {
    minLength: 1,
    maxLength: 2,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(answers, { minLength: 1, maxLength: 4 }), async (scripts) => {
      const line = await scriptedCampaign(bench, scripts.length)
      const failed: string[] = []
      const ids = scripts.map((_, n) => messageIdOf(line.campaign.tag, n + 1, 0))
      const asked = scripts.map(() => 0)
      const { gateways } = scriptedGateways(bench, ({ id }) => {
        const n = ids.indexOf(id)
        const attempt = asked[n] ?? 0
        asked[n] = attempt + 1
        const next = scripts[n]?.[attempt] ?? null
        if (next === null) return OK
        failed.push(`${n + 1} ${FAILURES[next].category} ${FAILURES[next].code}`)
        return { ok: false, failure: FAILURES[next] }
      })
      for (let round = 0; round < 12 && !(await isOver(line)); round++) {
        await hasten(line)
        const worker = await bench.startWorker({ gateways, pollMs: 5 })
        await soon(() => isAtRest(line))
        await worker.stop()
      }
      const logged = await bench.db
        .selectFrom('campaign_error_logs')
        .select(['contact_id', 'error_type', 'error_code'])
        .where('campaign_id', '=', line.campaign.id)
        .execute()
      const ofRecipients = logged.filter(({ contact_id }) => contact_id !== null)
      expect(ofRecipients.map((row) => `${row.contact_id} ${row.error_type} ${row.error_code}`).toSorted()).toEqual(
        failed.toSorted(),
      )
      expect(logged).toHaveLength(failed.length + (await autoPausesOf(line.campaign.id)))
      expect(await isOver(line)).toBe(true)
    }),
    { numRuns: 100, endOnFailure: true },
  )
}, 120_000)

function statesOf(lines: Line[]): Promise<string[]> {
  return Promise.all(lines.map(async (line) => (await bench.rowOf(line)).status))
}

async function rowsOf(lines: Line[]) {
  return bench.db
    .selectFrom('campaign_contacts')
    .select(['status', 'attempts', 'maybe_sent'])
    .where(
      'campaign_id',
      'in',
      lines.map(({ campaign }) => campaign.id),
    )
    .execute()
}

async function autoPausesOf(campaignId: string): Promise<number> {
  const rows = await bench.db
    .selectFrom('campaign_audit_logs')
    .select('id')
    .where('campaign_id', '=', campaignId)
    .where('action', '=', 'auto-pause')
    .execute()
  return rows.length
}

async function isOver(line: Line): Promise<boolean> {
  return (await bench.rowOf(line)).status === 'completed'
}

/** Whether nothing more can happen before a wait is over. */
async function isAtRest(line: Line): Promise<boolean> {
  const { status } = await bench.rowOf(line)
  const { pending, sending, retrying } = await bench.counts(line)
  if (status !== 'running') return sending === 0
  if (sending > 0 || pending + retrying === 0) return false
  return (await channelOf(line)).back_off_until !== null || (pending === 0 && !(await hasDue(line)))
}

async function hasDue({ campaign }: Line): Promise<boolean> {
  const due = await bench.db
    .selectFrom('campaign_contacts')
    .select('id')
    .where('campaign_id', '=', campaign.id)
    .where('status', '=', 'retrying')
    .where('next_attempt_at', '<=', new Date())
    .execute()
  return due.length > 0
}

function channelOf({ campaign }: Line) {
  return bench.db
    .selectFrom('channels')
    .select('back_off_until')
    .where('id', '=', campaign.channelId)
    .executeTakeFirstOrThrow()
}

/** As if the time of every wait had passed, and a person had resumed what was paused. */
async function hasten(line: Line): Promise<void> {
  const { id, channelId } = line.campaign
  await bench.db
    .updateTable('campaign_contacts')
    .set({ next_attempt_at: new Date(0) })
    .where('campaign_id', '=', id)
    .where('status', '=', 'retrying')
    .execute()
  await bench.db
    .updateTable('channels')
    .set({ back_off_until: null, next_slot_at: null })
    .where('id', '=', channelId)
    .execute()
  await bench.moveTo(line, 'running')
  // So that a worker that comes only now may take it.
  const later = new Date(Date.now() + 60_000)
  await bench.db.updateTable('campaigns').set({ lock_renewed_at: later }).where('id', '=', id).execute()
}
