import { setTimeout as sleep } from 'node:timers/promises'
import type { SandboxBehaviour } from '#contract/channels.ts'
import type { Counts } from '#contract/states.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import { moveCampaigns } from '#server/campaigns/campaignQueries.ts'
import type { CampaignRow } from '#server/campaigns/campaignTables.ts'
import { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { Bell } from '#server/lib/Bell.ts'
import { getCounts, recount } from '#server/recipients/recipientQueries.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { buildCampaign, buildChannel, buildUser, testBox, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { CampaignScheduler, type CampaignSchedulerDeps } from './CampaignScheduler.ts'
import { StateSynchronizer } from './StateSynchronizer.ts'

export const LEASE_MS = 3000

/** A campaign on a channel of its own, and who that channel is at the sandbox. */
export type Line = { campaign: BuiltCampaign; sandboxUser: string }

/** Workers, channels and campaigns against a real database and a real gateway, for the tests of the dispatch. */
export class DispatchTestBench {
  readonly test: TestDatabase
  readonly sandbox: TestSandbox
  readonly #workers: CampaignScheduler[] = []

  private constructor(test: TestDatabase, sandbox: TestSandbox) {
    this.test = test
    this.sandbox = sandbox
  }

  static async open(): Promise<DispatchTestBench> {
    return new DispatchTestBench(await createTestDatabase({ max: 20 }), await TestSandbox.start())
  }

  /** After each test: what it left running must not be picked up by the workers of the next. */
  async clear(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop()))
    await this.db
      .updateTable('campaigns')
      .set({ status: 'cancelled', closing: true })
      .where('status', 'in', ['running', 'paused'])
      .execute()
  }

  async close(): Promise<void> {
    await this.sandbox.stop()
    await this.test.close()
  }

  get db(): Db {
    return this.test.db
  }

  newKeeper(db: Db = this.db): CampaignKeeper {
    return new CampaignKeeper({ db, audit: new AuditLogger(), bell: new Bell() })
  }

  newGateways(): GatewayRegistry {
    return new GatewayRegistry({ box: testBox, sandboxUrl: async () => this.sandbox.url })
  }

  /** Gateways that note when each request starts (monotonic ms): when it arrives is a matter of how busy the machine is. */
  watchedGateways(): { gateways: GatewayRegistry; starts: number[] } {
    const gateways = this.newGateways()
    const starts: number[] = []
    const get = gateways.get.bind(gateways)
    gateways.get = async (channel) => {
      const gateway = await get(channel)
      const send: typeof gateway.send = (message, signal) => {
        starts.push(performance.now())
        return gateway.send(message, signal)
      }
      return { ...gateway, send }
    }
    return { gateways, starts }
  }

  newSynchronizer(changes: { workerId?: string; resumes?: boolean } = {}): StateSynchronizer {
    return new StateSynchronizer({
      db: this.db,
      log: testLog,
      leaseMs: LEASE_MS,
      syncMs: 1000,
      keeper: this.newKeeper(),
      ...changes,
    })
  }

  newWorker(changes: Partial<CampaignSchedulerDeps> = {}): CampaignScheduler {
    const db = changes.db ?? this.db
    const worker = new CampaignScheduler({
      db,
      leaseDb: db,
      gateways: this.newGateways(),
      keeper: this.newKeeper(db),
      bell: new Bell(),
      log: testLog,
      leaseMs: LEASE_MS,
      pollMs: 50,
      drainMs: 2000,
      batchSize: 100,
      ...changes,
    })
    this.#workers.push(worker)
    return worker
  }

  async startWorker(changes: Partial<CampaignSchedulerDeps> = {}): Promise<CampaignScheduler> {
    const worker = this.newWorker(changes)
    await worker.start()
    return worker
  }

  async newCampaign(
    recipients: number,
    more: Parameters<typeof buildCampaign>[2] = {},
    behaviour: SandboxBehaviour = {},
  ): Promise<Line> {
    const userId = await buildUser(this.db)
    const settings = { maxInFlight: 8, ...behaviour }
    const channel = await buildChannel(this.db, userId, { sandbox: settings })
    const sandboxUser = await this.sandbox.register(channel.token, settings)
    return {
      campaign: await buildCampaign(this.db, { userId, channelId: channel.id }, { recipients, ...more }),
      sandboxUser,
    }
  }

  counts({ campaign }: Line): Promise<Counts> {
    return getCounts(this.db, campaign.userId, campaign.id)
  }

  rowOf({ campaign }: Line): Promise<CampaignRow> {
    return this.db.selectFrom('campaigns').selectAll().where('id', '=', campaign.id).executeTakeFirstOrThrow()
  }

  async accepted(line: Line): Promise<string[]> {
    return (await this.sandbox.ledger(line.sandboxUser, 'accepted')).map(({ messageId }) => messageId)
  }

  /** Whether the counters differ from the rows. */
  async hasDrifted({ campaign }: Line): Promise<boolean> {
    return (await transaction(this.db, (trx) => recount(trx, campaign.userId, campaign.id))).drifted
  }

  /** As if the holder had died while it sent to the first `count` recipients, or to all. */
  async leaveUnderWay({ userId, id }: { userId: string; id: string }, count = Number.MAX_SAFE_INTEGER): Promise<void> {
    await this.db
      .updateTable('campaign_contacts')
      .set({ status: 'sending', claim_epoch: 0, rendered_at: new Date() })
      .where('campaign_id', '=', id)
      .where('id', '<=', count)
      .execute()
    await transaction(this.db, (trx) => recount(trx, userId, id))
  }

  async moveTo(line: Line, status: 'paused' | 'running' | 'cancelled'): Promise<void> {
    await transaction(this.db, (trx) => moveCampaigns(trx, status, { id: line.campaign.id }))
  }

  untilStatus(line: Line, status: string): Promise<void> {
    return untilTrue(`status ${status}`, async () => (await this.rowOf(line)).status === status)
  }
}

export async function untilTrue(what: string, isTrue: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`Did not happen in ${timeoutMs} ms: ${what}`)
    await sleep(20)
  }
}
