import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { freeAllCampaignLocks } from '#server/campaigns/campaignLocks.ts'
import type { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import { CampaignRepairer } from '#server/campaigns/CampaignRepairer.ts'
import { freeAllLanes } from '#server/channels/channelLane.ts'
import type { Db } from '#server/db/Database.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { findInconsistencies, findMiscounted, type Inconsistency } from './findInconsistencies.ts'
import { sweepWorkers } from './workerRegistry.ts'

/** Time that a takeover may need beyond the lease; after it a running campaign without a holder is an orphan. */
const GRACE_AFTER_LEASE_MS = 2500
/** Together with the grace this keeps the pause of an orphan within lease + 5 s. */
const LOOK_FOR_ORPHANS_EVERY_MS = 2000
/** Workers silent for so long are forgotten. */
const FORGET_WORKERS_AFTER_MS = 3_600_000

/**
 * Repairs what a crash left behind. It reads leases and rows and moves them by the same guarded statements as everyone
 * else; it never copies memory over the database, and never touches a campaign whose lease is alive.
 */
export class StateSynchronizer {
  readonly #db: Db
  readonly #keeper: CampaignKeeper
  readonly #repairer: CampaignRepairer
  readonly #log: Log
  readonly #leaseMs: number
  readonly #workerId: string | null
  readonly #resumes: boolean
  #toResume: string[] = []
  readonly #orphans: Poller
  readonly #sync: Poller

  /** `workerId`: the worker of this process, which is alive as long as we are asking. `resumes`: see `autoCorrect`. */
  constructor(options: {
    db: Db
    keeper: CampaignKeeper
    log: Log
    leaseMs: number
    syncMs: number
    workerId?: string
    resumes?: boolean
  }) {
    this.#db = options.db
    this.#keeper = options.keeper
    this.#repairer = new CampaignRepairer({ db: options.db, audit: new AuditLogger() })
    this.#log = options.log
    this.#leaseMs = options.leaseMs
    this.#workerId = options.workerId ?? null
    this.#resumes = options.resumes ?? false
    const log = options.log
    const orphansMs = Math.min(LOOK_FOR_ORPHANS_EVERY_MS, options.syncMs)
    this.#orphans = new Poller({ work: async () => void (await this.#pauseOrphans()), intervalMs: orphansMs, log })
    this.#sync = new Poller({ work: () => this.#round(), intervalMs: options.syncMs, log })
  }

  startSync(): void {
    this.#orphans.start()
    this.#sync.start()
  }

  async stopSync(): Promise<void> {
    await Promise.all([this.#orphans.stop(), this.#sync.stop()])
  }

  /**
   * For a cold start, before readiness, where nobody else can be alive (the embedded database): what was running is
   * paused and waits for a person. Returns the ids. The leases of the dead are freed: otherwise whoever resumes would
   * wait until they run out. Epochs stay, so that what the dead left behind is still known as theirs.
   */
  async restoreRunningCampaigns(): Promise<string[]> {
    const ids = await this.#keeper.pauseAllAfterRestart()
    await freeAllCampaignLocks(this.#db)
    await freeAllLanes(this.#db)
    for (const campaignId of ids) this.#log.info({ campaignId }, 'paused after restart')
    this.#toResume = ids
    return ids
  }

  /**
   * What is wrong in the database now. With `countRows` the books of every campaign are counted as well, which takes as
   * long as there are rows; without, it is a few look-ups.
   */
  async detectInconsistencies(options: { countRows?: boolean } = {}): Promise<Inconsistency[]> {
    // The pause of an orphan takes up to its grace; what is listed here is what it did not reach.
    const found = await findInconsistencies(this.#db, { orphanedAfterMs: 2 * GRACE_AFTER_LEASE_MS })
    return options.countRows === true ? [...found, ...(await findMiscounted(this.#db))] : found
  }

  /**
   * Repairs what `detectInconsistencies` lists; each repair writes its audit row. Returns the campaigns touched. Where
   * the settings ask for it, what a restart paused is resumed: only now, because a worker takes nothing that was started
   * before it registered.
   */
  async autoCorrect(options: { countRows?: boolean } = {}): Promise<string[]> {
    const touched = await this.#pauseOrphans()
    for (const found of await this.detectInconsistencies(options)) {
      this.#log.warn(found, 'inconsistency')
      if (await this.#repair(found)) touched.push(found.campaignId)
    }
    return [...new Set(touched)]
  }

  async #repair({ kind, userId, campaignId }: Inconsistency): Promise<boolean> {
    const campaign = { userId, id: campaignId }
    switch (kind) {
      // Paused with the others of its kind, as soon as nobody may take it over.
      case 'orphaned':
        return false
      case 'left_in_sending':
        return this.#repairer.releaseSending(campaign)
      case 'open_but_final':
        return this.#repairer.closeFinal(campaign)
      case 'locked_but_final':
        return this.#repairer.freeFinal(campaign)
      case 'miscounted':
        return this.#repairer.correctCounters(campaign)
    }
  }

  async #pauseOrphans(): Promise<string[]> {
    const paused = await this.#keeper.pauseOrphans({
      graceMs: GRACE_AFTER_LEASE_MS,
      workerAliveMs: this.#leaseMs,
      workerId: this.#workerId,
    })
    for (const campaignId of paused) this.#log.warn({ campaignId }, 'nobody may take it over; paused')
    if (this.#resumes) await this.#resume(paused)
    return paused
  }

  async #resume(paused: string[]): Promise<void> {
    this.#toResume = [...this.#toResume, ...paused]
    if (this.#toResume.length === 0) return
    await this.#keeper.resumeAfterRestart(this.#toResume)
    this.#toResume = []
  }

  async #round(): Promise<void> {
    await this.autoCorrect()
    await sweepWorkers(this.#db, FORGET_WORKERS_AFTER_MS, this.#workerId)
  }
}
