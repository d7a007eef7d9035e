import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acceptedOf } from '#contract/states.ts'
import type { SendOutcome } from '#server/channels/gateways/Gateway.ts'
import { transaction } from '#server/db/transaction.ts'
import { applyReceipts } from '#server/recipients/applyReceipts.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { withFaults, type Fault } from '#server/test/withFaults.ts'
import type { CampaignScheduler } from './CampaignScheduler.ts'
import { DispatchTestBench, type Line } from './dispatchTestBench.ts'
import { scriptedCampaign, scriptedGateways, soon } from './scriptedTestBench.ts'

/** However bad the line was: so long after it is good again memory holds what the database says, and no more. */
const AGREES_WITHIN_MS = 30_000
/** The runs share nothing, so that some wait while others work. */
const [BENCHES, RUNS_EACH] = [4, 25]

/** For so long the database is as bad as that; before that somebody else, whose line is good, does something. */
const stretch = fc.record({
  fault: fc.constantFrom<Fault>('refuse', 'loseAnswer', 'none'),
  ms: fc.integer({ min: 1, max: 40 }),
  meanwhile: fc.constantFrom('nothing', 'receipts', 'pause', 'resume', 'cancel', 'correct'),
  campaign: fc.nat(1),
})
const history = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 2 }),
  /** So many answers come, the others only when the line is good again. */
  answered: fc.nat(6),
  stretches: fc.array(stretch, { minLength: 1, maxLength: 4 }),
})
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

describe('whatever happens to the connection to the database', () => {
  it('memory agrees with the leases soon after it is back, progress is in the books, and nothing newer was overwritten', async () => {
    const benches = await Promise.all(Array.from({ length: BENCHES }, () => DispatchTestBench.open()))
    const isAsPromised = (bench: DispatchTestBench) =>
      fc.asyncProperty(history, async (drawn) => {
        const run = new Run(bench, drawn)
        await run.suffer()
        await soon(async () => (await run.differences()).length === 0, AGREES_WITHIN_MS)
        expect(await run.overwritten()).toEqual([])
        await run.finish()
        expect(await run.overwritten()).toEqual([])
        expect(await run.miscounted()).toEqual([])
      })
    try {
      await Promise.all(
        benches.map((bench) => fc.assert(isAsPromised(bench), { numRuns: RUNS_EACH, endOnFailure: true })),
      )
    } finally {
      await Promise.all(benches.map((bench) => bench.clear().then(() => bench.close())))
    }
  }, 240_000)
})

/** One worker on a bad line, and what others do meanwhile. */
class Run {
  readonly #bench: DispatchTestBench
  readonly #history: History
  readonly #lines: Line[] = []
  readonly #accepted = new Set<string>()
  readonly #delivered = new Set<string>()
  readonly #states = new Map<string, string>()
  readonly #rest = Promise.withResolvers<SendOutcome>()
  #fault: Fault = 'none'
  #worker: CampaignScheduler | null = null

  constructor(bench: DispatchTestBench, drawn: History) {
    this.#bench = bench
    this.#history = drawn
  }

  /** The whole history; at its end the line is good. */
  async suffer(): Promise<void> {
    const { sizes, stretches } = this.#history
    for (const size of sizes) this.#lines.push(await scriptedCampaign(this.#bench, size))
    this.#worker = await this.#startWorker()
    for (const { fault, ms, meanwhile, campaign } of stretches) {
      this.#fault = fault
      await sleep(ms)
      await this.#do(meanwhile, this.#lines[campaign % this.#lines.length] as Line)
    }
    this.#fault = 'none'
  }

  #startWorker(): Promise<CampaignScheduler> {
    let answers = 0
    const { gateways } = scriptedGateways(this.#bench, async ({ id }) => {
      if (answers++ >= this.#history.answered) await this.#rest.promise
      this.#accepted.add(id)
      return { ok: true }
    })
    const db = withFaults(this.#bench.db, () => this.#fault)
    return this.#bench.startWorker({ db, gateways, pollMs: 5, keeper: this.#bench.newKeeper(this.#bench.db) })
  }

  async #do(what: History['stretches'][number]['meanwhile'], line: Line): Promise<void> {
    const { campaign } = line
    if (what === 'receipts') return this.#deliver(line)
    if (what === 'correct') return void (await this.#bench.newSynchronizer().autoCorrect())
    if (what === 'nothing') return
    await this.#bench.moveTo(line, ({ pause: 'paused', resume: 'running', cancel: 'cancelled' } as const)[what])
    this.#states.set(campaign.id, (await this.#bench.rowOf(line)).status)
  }

  /** Receipts of what the gateway has accepted: often faster than our own bookkeeping. */
  async #deliver({ campaign }: Line): Promise<void> {
    const ids = Array.from({ length: 5 }, (_, n) => n + 1).filter((id) => this.#accepted.has(this.#idOf(campaign, id)))
    const receipts = ids.map((id) => ({
      campaignId: campaign.id,
      id,
      step: 0,
      isLastStep: true,
      state: 'delivered' as const,
    }))
    await transaction(this.#bench.db, (trx) => applyReceipts(trx, campaign.userId, receipts))
    for (const { id } of await this.#rowsOf(campaign.id, 'delivered')) this.#delivered.add(`${campaign.id} ${id}`)
  }

  /** What memory holds and the leases do not say, and the other way round. */
  async differences(): Promise<string[]> {
    const {
      workerId = '',
      processingLocks = new Map<string, number>(),
      activeQueues = new Map<string, unknown>(),
    } = this.#worker ?? {}
    const leases = await this.#bench.db
      .selectFrom('campaigns')
      .select(['id', 'lock_epoch'])
      .where('processing_lock', '=', workerId)
      .execute()
    const held = leases.map(({ id, lock_epoch }) => `${id} ${lock_epoch}`)
    const locks = [...processingLocks].map(([id, epoch]) => `${id} ${epoch}`)
    const queues = [...activeQueues.keys()]
    const open = (await Promise.all(this.#lines.map((line) => this.#bench.rowOf(line)))).filter(
      ({ status }) => status === 'running',
    )
    return [
      ...held.filter((lease) => !locks.includes(lease)),
      ...locks.filter((lock) => !held.includes(lock)),
      ...queues.filter((id) => !processingLocks.has(id)),
      ...leases.filter(({ id }) => !activeQueues.has(id)).map(({ id }) => id),
      // What runs is held by the one worker that there is.
      ...open.filter(({ processing_lock }) => processing_lock !== workerId).map(({ id }) => id),
    ]
  }

  /** What a receipt or a person has said, and is not so any more. */
  async overwritten(): Promise<string[]> {
    const undone: string[] = []
    for (const line of this.#lines) {
      const { id } = line.campaign
      const delivered = (await this.#rowsOf(id, 'delivered')).map((row) => `${id} ${row.id}`)
      undone.push(...[...this.#delivered].filter((key) => key.startsWith(id) && !delivered.includes(key)))
      const said = this.#states.get(id)
      const { status } = await this.#bench.rowOf(line)
      if ((said === 'paused' || said === 'cancelled') && status !== said) undone.push(`${id} ${status}`)
    }
    return undone
  }

  /** Lets everything be answered. */
  async finish(): Promise<void> {
    this.#rest.resolve({ ok: true })
    await soon(async () => {
      const rows = await Promise.all(this.#lines.map((line) => this.#bench.rowOf(line)))
      const counts = await Promise.all(this.#lines.map((line) => this.#bench.counts(line)))
      return rows.every(({ status }) => status !== 'running') && counts.every(({ sending }) => sending === 0)
    }, AGREES_WITHIN_MS)
    await soon(() => this.#worker !== null && this.#worker.activeQueues.size + this.#worker.processingLocks.size === 0)
    await this.#worker?.stop()
  }

  /** Where the books differ from what the gateway has accepted, or the counters from the rows. */
  async miscounted(): Promise<string[]> {
    const wrong: string[] = []
    for (const line of this.#lines) {
      const own = Array.from({ length: 5 }, (_, n) => this.#idOf(line.campaign, n + 1))
      const told = acceptedOf(await this.#bench.counts(line))
      const known = own.filter((id) => this.#accepted.has(id)).length
      if (told !== known) wrong.push(`${told} in the books, ${known} at the gateway`)
      if (await this.#bench.hasDrifted(line)) wrong.push('counters')
    }
    return wrong
  }

  #idOf(campaign: Line['campaign'], id: number): string {
    return messageIdOf(campaign.tag, id, 0)
  }

  #rowsOf(campaignId: string, status: 'delivered'): Promise<{ id: number }[]> {
    return this.#bench.db
      .selectFrom('campaign_contacts')
      .select('id')
      .where('campaign_id', '=', campaignId)
      .where('status', '=', status)
      .execute()
  }
}
