import { sql } from 'kysely'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'
import type { Db } from '#server/db/Database.ts'
import { retryOnConflict } from '#server/db/transaction.ts'
import type { Batcher } from '#server/lib/Batcher.ts'
import type { Log } from '#server/lib/logger.ts'
import { hookBatcher } from './hookBatcher.ts'

/** What one call reported about messages, or about the number itself. */
export type InboxRow = {
  userId: string
  channelId: string
  dedupeKey: Buffer
  events: GatewayEvent[]
  /** Messages that `events` speak of. */
  receipts: number
  isConnection: boolean
}

/** A call whose rows are not stored by then is to come again; together with the look-up before, in less than 3 s. */
const WAIT_MS = 1500

/** SQLSTATEs of text that PostgreSQL cannot store; the one call that holds it must not take the others with it. */
const UNSTORABLE = new Set(['22021', '22P05', '22P02'])

/**
 * Stores calls for the appliers, many in one statement. `store` returns after the commit; it throws UNAVAILABLE when the
 * database cannot keep up.
 */
export class WebhookInbox {
  readonly #db: Db
  readonly #batcher: Batcher<InboxRow[], PromiseSettledResult<void>>

  constructor(db: Db, log: Log) {
    this.#db = db
    this.#batcher = hookBatcher(log, { work: (calls) => this.#storeAll(calls), waitMs: WAIT_MS })
  }

  /** The rows of one call, together or not at all. A row whose key waits already is one with it. */
  async store(call: InboxRow[]): Promise<void> {
    if (call.length === 0) return
    const result = await this.#batcher.add(call)
    if (result.status === 'rejected') throw result.reason
  }

  async #storeAll(calls: InboxRow[][]): Promise<PromiseSettledResult<void>[]> {
    try {
      await this.#insert(calls.flat())
      return calls.map(() => ({ status: 'fulfilled', value: undefined }))
    } catch (reason) {
      if (!UNSTORABLE.has((reason as { code?: string }).code ?? '')) throw reason
      if (calls.length === 1) return [{ status: 'rejected', reason }]
    }
    const [left, right] = [calls.slice(0, calls.length / 2), calls.slice(calls.length / 2)]
    return [...(await this.#storeAll(left)), ...(await this.#storeAll(right))]
  }

  async #insert(rows: InboxRow[]): Promise<void> {
    const ordered = inOneOrder(rows)
    const column = <T>(of: (row: InboxRow) => T) => ordered.map(of)
    await retryOnConflict(() =>
      sql`
        insert into webhook_inbox (user_id, channel_id, dedupe_key, events, receipts, is_connection)
        select user_id, channel_id, dedupe_key, events::jsonb, receipts, is_connection
        from unnest(
          ${column((row) => row.userId)}::uuid[], ${column((row) => row.channelId)}::uuid[],
          ${column((row) => row.dedupeKey)}::bytea[], ${column((row) => JSON.stringify(row.events))}::text[],
          ${column((row) => row.receipts)}::integer[], ${column((row) => row.isConnection)}::boolean[]
        ) with ordinality as i(user_id, channel_id, dedupe_key, events, receipts, is_connection, place)
        order by place
        on conflict (dedupe_key) do nothing
      `.execute(this.#db),
    )
  }
}

/**
 * By key, so that two processes that store the same calls never wait for each other in a circle; what is about numbers
 * stays as it came, because there the last word counts, and no key of theirs comes twice.
 */
function inOneOrder(rows: InboxRow[]): InboxRow[] {
  const receipts = rows.filter((row) => !row.isConnection)
  const connections = rows.filter((row) => row.isConnection)
  return [...receipts.toSorted((a, b) => Buffer.compare(a.dedupeKey, b.dedupeKey)), ...connections]
}
