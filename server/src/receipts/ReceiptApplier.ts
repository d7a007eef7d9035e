import { sql } from 'kysely'
import { findCampaignsByTag } from '#server/campaigns/campaignQueries.ts'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { applyReceipts, type Receipt } from '#server/recipients/applyReceipts.ts'
import { parseMessageId } from '#server/recipients/messageId.ts'

const BATCH = 500

type StoredWebhook = { id: number; userId: string; channelId: string; events: GatewayEvent[] }

/**
 * Applies stored webhooks in batches: takes them out of the inbox and moves the books, in one transaction. Several
 * processes may do so at once. A webhook that was applied before moves nothing the second time.
 */
export class ReceiptApplier {
  readonly #db: Db
  readonly #poller: Poller

  constructor(options: { db: Db; log: Log; pollMs: number }) {
    this.#db = options.db
    this.#poller = new Poller({ work: () => this.applyNext(), intervalMs: options.pollMs, log: options.log })
  }

  start(): void {
    this.#poller.start()
  }

  async stop(): Promise<void> {
    await this.#poller.stop()
  }

  nudge(): void {
    this.#poller.nudge()
  }

  /** One batch; true when there may be more. */
  async applyNext(): Promise<boolean> {
    return retryOnConflict(() =>
      transaction(this.#db, async (trx) => {
        const batch = await takeBatch(trx)
        for (const group of groupByChannel(batch)) await this.#apply(trx, group)
        return batch.length === BATCH
      }),
    )
  }

  async #apply(trx: Trx, webhooks: StoredWebhook[]): Promise<void> {
    const [{ userId, channelId }] = webhooks as [StoredWebhook]
    const addressed = webhooks.flatMap(({ events }) => events.flatMap(addressesOf))
    if (addressed.length === 0) return
    const campaigns = await findCampaignsByTag(trx, userId, channelId, [...new Set(addressed.map(({ tag }) => tag))])
    const receipts = addressed.flatMap(({ tag, recipient, step, state, failure }): Receipt[] => {
      const campaign = campaigns.get(tag)
      return campaign === undefined
        ? []
        : [{ campaignId: campaign.id, id: recipient, step, isLastStep: step === campaign.steps - 1, state, failure }]
    })
    await applyReceipts(trx, userId, receipts)
  }
}

function addressesOf(event: GatewayEvent) {
  if (event.type !== 'receipt') return []
  const failure = event.state === 'failed' ? event.failure : null
  return event.messageIds.flatMap((messageId) => {
    const address = parseMessageId(messageId)
    return address === null ? [] : [{ ...address, state: event.state, failure }]
  })
}

async function takeBatch(trx: Trx): Promise<StoredWebhook[]> {
  // Materialized: as a mere subquery it may run once per row (a nested loop), and each run takes another batch.
  const { rows } = await sql<StoredWebhook>`
    with next as materialized (
      select id from webhook_inbox order by id limit ${BATCH} for update skip locked
    )
    delete from webhook_inbox where id in (select id from next)
    returning id, user_id as "userId", channel_id as "channelId", events
  `.execute(trx)
  return rows
}

function groupByChannel(webhooks: StoredWebhook[]): StoredWebhook[][] {
  // In one order everywhere, so that two appliers never wait for each other in a circle.
  const groups = Map.groupBy(webhooks, (webhook) => webhook.channelId)
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}
