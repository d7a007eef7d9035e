import type { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import type { ChannelService } from '#server/channels/ChannelService.ts'
import type { Db } from '#server/db/Database.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { takeChannelsToWatch } from './dispatchQueries.ts'

const ASK_EVERY_MS = 30_000
const LOOK_EVERY_MS = 5000

/** Asks the gateways of disconnected channels now and then, and resumes the campaigns that asked for it. */
export class ReconnectWatcher {
  readonly #db: Db
  readonly #channels: Pick<ChannelService, 'status'>
  readonly #keeper: CampaignKeeper
  readonly #log: Log
  readonly #askEveryMs: number
  readonly #poller: Poller

  constructor(options: {
    db: Db
    channels: Pick<ChannelService, 'status'>
    keeper: CampaignKeeper
    log: Log
    askEveryMs?: number
  }) {
    this.#db = options.db
    this.#channels = options.channels
    this.#keeper = options.keeper
    this.#log = options.log
    this.#askEveryMs = options.askEveryMs ?? ASK_EVERY_MS
    const intervalMs = Math.min(LOOK_EVERY_MS, this.#askEveryMs)
    this.#poller = new Poller({ work: () => this.#round(), intervalMs, log: options.log })
  }

  start(): void {
    this.#poller.start()
  }

  async stop(): Promise<void> {
    await this.#poller.stop()
  }

  /** Somebody said that a number is back. */
  nudge(): void {
    this.#poller.nudge()
  }

  async #round(): Promise<void> {
    for (const channel of await takeChannelsToWatch(this.#db, this.#askEveryMs)) {
      const { status } = await this.#channels.status(channel.userId, channel.id)
      if (status !== 'ready') continue
      const resumed = await this.#keeper.resumeAfterReconnect(channel)
      for (const campaignId of resumed) this.#log.info({ campaignId, channelId: channel.id }, 'resumed after reconnect')
    }
  }
}
