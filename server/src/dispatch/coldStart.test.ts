import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SendOutcome } from '#server/channels/gateways/Gateway.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { withFaults } from '#server/test/withFaults.ts'
import { DispatchTestBench, type Line } from './dispatchTestBench.ts'
import { scriptedCampaign, scriptedGateways, soon } from './scriptedTestBench.ts'

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterAll(() => bench.close())

const death = fc
  .record({ recipients: fc.integer({ min: 1, max: 12 }), inFlight: fc.integer({ min: 1, max: 6 }) })
  .chain(({ recipients, inFlight }) =>
    fc.record({
      recipients: fc.constant(recipients),
      inFlight: fc.constant(inFlight),
      answered: fc.nat(recipients - 1),
      others: fc.array(fc.constantFrom('paused' as const, 'draft' as const), { maxLength: 2 }),
    }),
  )

/** A worker that dies like a process: from then on it hears nothing of its gateway and reaches no database. */
async function dieWhileSending(line: Line, answered: number, inFlight: number): Promise<{ ended: Promise<void> }> {
  let isDead = false
  let answers = 0
  const { gateways } = scriptedGateways(
    bench,
    () => {
      if (isDead || answers++ >= answered) isDead = true
      return isDead ? new Promise<SendOutcome>(() => undefined) : { ok: true }
    },
    inFlight,
  )
  const db = withFaults(bench.db, () => (isDead ? 'refuse' : 'none'))
  const worker = await bench.startWorker({ db, gateways, drainMs: 0, pollMs: 5 })
  await soon(() => isDead)
  expect((await bench.rowOf(line)).status).toBe('running')
  // Ends its loops; what it still wants to write is refused.
  return { ended: worker.stop() }
}

async function idsNotSent({ campaign }: Line): Promise<string[]> {
  const rows = await bench.db
    .selectFrom('campaign_contacts')
    .select('id')
    .where('campaign_id', '=', campaign.id)
    .where('status', '<>', 'sent')
    .execute()
  return rows.map(({ id }) => messageIdOf(campaign.tag, id, 0)).toSorted()
}

it('what ran when the process died is paused by the next start, and exactly the rest goes out when it is resumed', async () => {
  const dead: { ended: Promise<void> }[] = []
  await fc.assert(
    fc.asyncProperty(death, async ({ recipients, inFlight, answered, others }) => {
      const line = await scriptedCampaign(bench, recipients)
      const idle = await Promise.all(others.map((status) => scriptedCampaign(bench, 1, { status })))
      dead.push(await dieWhileSending(line, answered, inFlight))

      expect(await bench.newSynchronizer().restoreRunningCampaigns()).toEqual([line.campaign.id])
      expect(await bench.rowOf(line)).toMatchObject({
        status: 'paused',
        pause_reason: 'restart',
        processing_lock: null,
      })
      const rest = await idsNotSent(line)
      expect(rest.length).toBeGreaterThanOrEqual(recipients - answered)

      const { gateways, asked } = scriptedGateways(bench, () => ({ ok: true }), inFlight)
      const next = await bench.startWorker({ gateways, pollMs: 5 })
      expect(asked).toEqual([])
      await bench.moveTo(line, 'running')
      await soon(async () => (await bench.rowOf(line)).status === 'completed')
      expect(asked.toSorted()).toEqual(rest)
      expect(await bench.counts(line)).toMatchObject({ sent: recipients })
      expect(await Promise.all(idle.map(async (other) => (await bench.rowOf(other)).status))).toEqual(others)
      await next.stop()
    }),
    { numRuns: 100, endOnFailure: true },
  )
  await Promise.all(dead.map(({ ended }) => ended))
}, 120_000)
