import type { TakenSingle } from '#server/campaigns/campaignLocks.ts'
import type { Gateway } from '#server/channels/gateways/Gateway.ts'
import type { Db } from '#server/db/Database.ts'
import type { LoadMedium } from '#server/media/MediaCache.ts'
import type { LaneHold } from '#server/recipients/claimRecipients.ts'
import type { HeldRows } from '#server/recipients/lostClaims.ts'
import type { Settlement } from '#server/recipients/settleRecipients.ts'
import {
  findRunningCampaign,
  type CampaignControl,
  type CampaignPace,
  type RunningCampaign,
} from './dispatchQueries.ts'
import { QueueManager } from './QueueManager.ts'
import { SuppressionWatch } from './SuppressionWatch.ts'

export type LaneQueuesDeps = {
  db: Db
  hold: LaneHold
  /** What the lane has in memory, of all its campaigns. */
  held: HeldRows
  settle: (settlement: Settlement) => void
  batchSize: number
  loadMedium: LoadMedium
}

/** Makes the queues of one lane. */
export class LaneQueues {
  /** Shared by all of them. */
  readonly suppressions: SuppressionWatch
  readonly #deps: LaneQueuesDeps

  constructor(deps: LaneQueuesDeps) {
    this.#deps = deps
    this.suppressions = new SuppressionWatch(deps.db, deps.hold.userId)
  }

  /** Null when the campaign does not run any more. */
  async forCampaign({ id, pace }: CampaignControl, gateway: Gateway): Promise<QueueManager | null> {
    const campaign = await findRunningCampaign(this.#deps.db, id)
    return campaign === undefined ? null : this.#queueOf(campaign, pace, gateway, true)
  }

  /** A single message waits for the minimum of its channel only, at any hour. */
  forSingle({ message, wasUnderWay, isSlow, ...single }: TakenSingle, gateway: Gateway): QueueManager {
    const pace = { delayMinMs: 0, delayMaxMs: 0, window: null, timeZone: 'UTC', isSlow }
    return this.#queueOf({ ...single, messages: [message], isSingle: true }, pace, gateway, wasUnderWay)
  }

  #queueOf(campaign: RunningCampaign, pace: CampaignPace, gateway: Gateway, mayHaveSuspects: boolean): QueueManager {
    const { db, hold, held, settle, batchSize, loadMedium } = this.#deps
    return new QueueManager({
      db,
      lane: hold,
      campaign,
      pace,
      gateway,
      held,
      settle,
      loadMedium,
      mayHaveSuspects,
      suppressions: this.suppressions,
      maxBatch: batchSize,
    })
  }
}
