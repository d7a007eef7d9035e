import { sql } from 'kysely'
import { findCampaignsByTag } from '#server/campaigns/campaignQueries.ts'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { applyReceipts, type Receipt } from '#server/recipients/applyReceipts.ts'
import { findByGatewayIds, type MessagePlace } from '#server/recipients/gatewayIds.ts'
import { parseMessageId } from '#server/recipients/messageId.ts'
import type { ReceiptEvent } from './inPieces.ts'

const BATCH = 500
/** Messages that one transaction moves, the webhook that crosses the line included; more would hold locks for seconds. */
const MAX_RECEIPTS = 500
/** Of many calls in a row the first rings for all: a batch of a hundred costs the database little more than one of five. */
const GATHER_MS = 50

/** A gateway's id that nobody knows is asked for this often, in about five minutes: others may send from this number too. */
const MAX_TRIES = 10
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 60_000

type StoredWebhook = {
  id: number
  userId: string
  channelId: string
  dedupeKey: Buffer
  events: GatewayEvent[]
  receipts: number
  tries: number
}

/**
 * Applies stored webhooks in batches: takes them out of the inbox and moves the books, in one transaction. Several
 * processes may do so at once. A webhook that was applied before moves nothing the second time.
 */
export class ReceiptApplier {
  readonly #db: Db
  readonly #poller: Poller
  #ringing: NodeJS.Timeout | null = null

  constructor(options: { db: Db; log: Log; pollMs: number }) {
    this.#db = options.db
    this.#poller = new Poller({ work: () => this.applyNext(), intervalMs: options.pollMs, log: options.log })
  }

  start(): void {
    this.#poller.start()
  }

  async stop(): Promise<void> {
    if (this.#ringing !== null) clearTimeout(this.#ringing)
    await this.#poller.stop()
  }

  /** Soon; ring as often as you like. */
  nudge(): void {
    this.#ringing ??= setTimeout(() => {
      this.#ringing = null
      this.#poller.nudge()
    }, GATHER_MS).unref()
  }

  /** One batch; true when there may be more. */
  async applyNext(): Promise<boolean> {
    return retryOnConflict(() =>
      transaction(this.#db, async (trx) => {
        const batch = await takeBatch(trx)
        for (const group of groupByChannel(batch)) await this.#apply(trx, group)
        return batch.length === BATCH || sumOf(batch) >= MAX_RECEIPTS
      }),
    )
  }

  async #apply(trx: Trx, webhooks: StoredWebhook[]): Promise<void> {
    const [{ userId, channelId }] = webhooks as [StoredWebhook]
    const addressed = webhooks.flatMap(({ events }) => events.flatMap(addressesOf))
    const { receipts, waiting } = await findByGatewayId(trx, webhooks)
    if (addressed.length > 0) {
      const tags = [...new Set(addressed.map(({ tag }) => tag))]
      const campaigns = await findCampaignsByTag(trx, userId, channelId, tags)
      for (const { tag, recipient, step, event } of addressed) {
        const campaign = campaigns.get(tag)
        if (campaign !== undefined)
          receipts.push(receiptOf({ ...campaign, campaignId: campaign.id, id: recipient, step }, event))
      }
    }
    await applyReceipts(trx, userId, receipts)
    await keepWaiting(trx, waiting)
  }
}

/** Receipts that name the gateway's own ids; `waiting` are webhooks of which some are not known, or not yet. */
async function findByGatewayId(
  trx: Trx,
  webhooks: StoredWebhook[],
): Promise<{ receipts: Receipt[]; waiting: StoredWebhook[] }> {
  const [{ userId, channelId }] = webhooks as [StoredWebhook]
  const named = webhooks.map((webhook) => ({ webhook, events: webhook.events.filter(isNamedByGateway) }))
  const gatewayIds = [...new Set(named.flatMap(({ events }) => events.map(({ gatewayId }) => gatewayId)))]
  const places = await findByGatewayIds(trx, userId, channelId, gatewayIds)
  const receipts: Receipt[] = []
  const waiting: StoredWebhook[] = []
  for (const { webhook, events } of named) {
    const unknown = events.filter((event) => {
      const place = places.get(event.gatewayId)
      if (place !== undefined) receipts.push(receiptOf(place, event))
      return place === undefined
    })
    if (unknown.length > 0 && webhook.tries < MAX_TRIES) waiting.push({ ...webhook, events: unknown })
  }
  return { receipts, waiting }
}

function isNamedByGateway(event: GatewayEvent): event is ReceiptEvent & { gatewayId: string } {
  if (event.type !== 'receipt' || event.gatewayId === undefined) return false
  return event.messageIds.every((messageId) => parseMessageId(messageId) === null)
}

function receiptOf({ campaignId, id, step, steps }: MessagePlace, event: ReceiptEvent): Receipt {
  const failure = event.state === 'failed' ? event.failure : null
  const { state, gatewayId = null } = event
  return { campaignId, id, step, isLastStep: step === steps - 1, state, failure, gatewayId }
}

function addressesOf(event: GatewayEvent) {
  if (event.type !== 'receipt') return []
  return event.messageIds.flatMap((messageId) => {
    const address = parseMessageId(messageId)
    return address === null ? [] : [{ ...address, event }]
  })
}

/** Their ids may be in the books in a moment: the settle that brings them is on its way. */
async function keepWaiting(trx: Trx, webhooks: StoredWebhook[]): Promise<void> {
  if (webhooks.length === 0) return
  const column = <T>(of: (webhook: StoredWebhook) => T) => webhooks.map(of)
  await sql`
    insert into webhook_inbox (user_id, channel_id, dedupe_key, events, receipts, tries, retry_at)
    select user_id, channel_id, dedupe_key, events::jsonb, jsonb_array_length(events::jsonb), tries + 1,
      clock_timestamp() + least(${FIRST_WAIT_MS} * 2 ^ tries, ${LONGEST_WAIT_MS}) * interval '1 millisecond'
    from unnest(
      ${column(({ userId }) => userId)}::uuid[], ${column(({ channelId }) => channelId)}::uuid[],
      ${column(({ dedupeKey }) => dedupeKey)}::bytea[], ${column(({ events }) => JSON.stringify(events))}::text[],
      ${column(({ tries }) => tries)}::smallint[]
    ) as i(user_id, channel_id, dedupe_key, events, tries)
    on conflict (dedupe_key) do nothing
  `.execute(trx)
}

/** Fresh ones in their order, then those whose next try is due; however many wait, none is read to find them. */
async function takeBatch(trx: Trx): Promise<StoredWebhook[]> {
  // Materialized: as a mere subquery it may run once per row (a nested loop), and each run takes another batch. The
  // clock in a subquery of its own: read anew for every row it could not bound the index.
  const { rows } = await sql<StoredWebhook>`
    with due as materialized (
      select id, receipts, coalesce(retry_at, '-infinity') as at from webhook_inbox
      where not is_connection and coalesce(retry_at, '-infinity') <= (select clock_timestamp())
      order by coalesce(retry_at, '-infinity'), id limit ${BATCH} for update skip locked
    ),
    next as materialized (
      select id from (select id, sum(receipts) over (order by at, id) - receipts as before from due) d
      where before < ${MAX_RECEIPTS}
    )
    delete from webhook_inbox where id = any(array(select id from next))
    returning id, user_id as "userId", channel_id as "channelId", dedupe_key as "dedupeKey", events, receipts, tries
  `.execute(trx)
  return rows
}

function sumOf(webhooks: StoredWebhook[]): number {
  return webhooks.reduce((sum, { receipts }) => sum + receipts, 0)
}

function groupByChannel(webhooks: StoredWebhook[]): StoredWebhook[][] {
  // In one order everywhere, so that two appliers never wait for each other in a circle.
  const groups = Map.groupBy(webhooks, (webhook) => webhook.channelId)
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}
