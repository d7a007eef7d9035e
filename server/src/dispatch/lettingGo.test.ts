import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SendOutcome } from '#server/channels/gateways/Gateway.ts'
import { Bell } from '#server/lib/Bell.ts'
import { DispatchTestBench } from './dispatchTestBench.ts'
import { scriptedCampaign, scriptedGateways, soon } from './scriptedTestBench.ts'

/** However a campaign ends, within this nothing of it is held any more. */
const LET_GO_WITHIN_MS = 5000

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterAll(() => bench.close())

it('whatever is completed or cancelled, at whatever moment, leaves the queues and locks of its worker within five seconds', async () => {
  const ending = fc.record({
    recipients: fc.nat(6),
    inFlight: fc.integer({ min: 1, max: 4 }),
    /** So many are answered, then it is cancelled: with requests under way, or after everybody. */
    cancelledAfter: fc.option(fc.nat(6)),
    isToldAtOnce: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(ending, async ({ recipients, inFlight, cancelledAfter, isToldAtOnce }) => {
      const line = await scriptedCampaign(bench, recipients)
      const { id } = line.campaign
      const bell = new Bell()
      const held = Promise.withResolvers<SendOutcome>()
      let answers = 0
      const mayAnswer = Math.min(cancelledAfter ?? recipients, recipients)
      const { gateways } = scriptedGateways(
        bench,
        () => (answers++ < mayAnswer ? { ok: true } : held.promise),
        inFlight,
      )
      const worker = await bench.startWorker({ gateways, bell, pollMs: 5 })
      await soon(async () => answers >= mayAnswer && ((await bench.rowOf(line)).lock_epoch ?? 0) > 0)
      if (cancelledAfter !== null) {
        await bench.moveTo(line, 'cancelled')
        if (isToldAtOnce) bell.ring()
      }
      await soon(async () => ['completed', 'cancelled'].includes((await bench.rowOf(line)).status))
      const endedAt = performance.now()
      const isHeld = () => worker.activeQueues.has(id) || worker.processingLocks.has(id)
      await soon(async () => !isHeld() && (await bench.rowOf(line)).processing_lock === null, LET_GO_WITHIN_MS)
      expect(performance.now() - endedAt).toBeLessThan(LET_GO_WITHIN_MS)
      held.resolve({ ok: true })
      await worker.stop()
      const isCutShort = cancelledAfter !== null && cancelledAfter < recipients
      if (isCutShort) expect((await bench.rowOf(line)).status).toBe('cancelled')
    }),
    { numRuns: 100, endOnFailure: true },
  )
}, 120_000)
