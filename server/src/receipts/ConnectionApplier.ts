import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { GatewayName } from '#contract/channels.ts'
import type { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import type { ChannelService } from '#server/channels/ChannelService.ts'
import { extendBackOff, saveChannelStatus } from '#server/channels/channelQueries.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { decideConnection, type ConnectionChange, type ConnectionEvent } from './decideConnection.ts'

/** Campaigns of a lost number are to stand still within a second, also where no hook of this process was called. */
const LOOK_EVERY_MS = 500
/** Of no meaning, but that nobody else uses it. */
const TAKING_LOCK = 72_010_009
/** Whoever takes the reports of a channel has so long; then they count as left behind. */
const TAKEN_FOR_MS = 10_000
/** A report can be minutes old: a gateway that calls the number ready within this is believed instead. */
const CONFIRM_WITHIN_MS = 500

type Reports = { userId: string; channelId: string; gateway: GatewayName; ids: number[]; events: ConnectionEvent[] }

export type ConnectionApplierDeps = {
  db: Db
  channels: Pick<ChannelService, 'status'>
  keeper: Pick<CampaignKeeper, 'pauseChannel'>
  /** Called when a number is said to be back: whoever resumes may look now. */
  onConnected: () => void
  log: Log
  pollMs: number
}

/**
 * Applies what gateways report about the number itself: its status is shown, and the campaigns of a number that is gone
 * are paused. The reports of one channel are taken by one process at a time, in their order; a process that dies over
 * them leaves them to the next. Applying twice changes nothing.
 */
export class ConnectionApplier {
  readonly #deps: ConnectionApplierDeps
  readonly #poller: Poller

  constructor(deps: ConnectionApplierDeps) {
    this.#deps = deps
    const intervalMs = Math.min(LOOK_EVERY_MS, deps.pollMs)
    this.#poller = new Poller({ work: () => this.applyNext(), intervalMs, log: deps.log })
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

  /** What waits for all channels; true when something was there. */
  async applyNext(): Promise<boolean> {
    const taken = await takeReports(this.#deps.db)
    // Side by side: one gateway that does not answer must not keep the campaigns of another number running.
    await Promise.all(taken.map((reports) => this.#apply(reports)))
    return taken.length > 0
  }

  async #apply(reports: Reports): Promise<void> {
    const change = decideConnection(reports.gateway, reports.events)
    if (change.pause === null) await this.#show(reports)
    else if (!change.needsProof || !(await this.#isReadyAfterAll(reports))) await this.#pause(reports, change.pause)
    await this.#deps.db.deleteFrom('webhook_inbox').where('id', 'in', reports.ids).execute()
  }

  async #show({ channelId }: Reports): Promise<void> {
    await saveChannelStatus(this.#deps.db, channelId, 'ready')
    this.#deps.log.info({ channelId }, 'number is connected again')
    this.#deps.onConnected()
  }

  async #pause({ userId, channelId }: Reports, pause: NonNullable<ConnectionChange['pause']>): Promise<void> {
    const { db, keeper, log } = this.#deps
    const { reason, status, until, failure } = pause
    log.warn({ channelId, reason, code: failure.code }, 'gateway reports that the number is gone')
    const { unlogged } = await keeper.pauseChannel({ userId, id: channelId }, reason, failure)
    if (unlogged !== null) log.error({ err: unlogged }, 'error log not written')
    await saveChannelStatus(db, channelId, status)
    if (until !== null) await extendBackOff(db, channelId, until)
  }

  async #isReadyAfterAll({ userId, channelId }: Reports): Promise<boolean> {
    const asked = this.#deps.channels.status(userId, channelId).then(
      ({ status }) => status === 'ready',
      () => false,
    )
    const isReady = await Promise.race([asked, sleep(CONFIRM_WITHIN_MS, false)])
    if (isReady) this.#deps.log.info({ channelId }, 'a report of a lost connection was out of date')
    return isReady
  }
}

/**
 * Takes what waits, except for channels whose reports another process is applying. Kept from others for a time instead
 * of locked: the gateway is asked meanwhile, and no transaction stays open over a request.
 */
async function takeReports(db: Db): Promise<Reports[]> {
  return transaction(db, async (trx) => {
    // One process at a time, so that nobody takes what came later while another takes what came before.
    await sql`select pg_advisory_xact_lock(${TAKING_LOCK})`.execute(trx)
    const { rows } = await sql<Reports>`
    with free as materialized (
      select i.id from webhook_inbox i
      where i.is_connection and not exists (
        select 1 from webhook_inbox o
        where o.is_connection and o.channel_id = i.channel_id and o.retry_at > clock_timestamp()
      )
    ),
    taken as (
      update webhook_inbox i
      set retry_at = clock_timestamp() + ${TAKEN_FOR_MS}::double precision * interval '1 millisecond', tries = i.tries + 1
      where i.id in (select id from free)
      returning i.id, i.user_id, i.channel_id, i.events
    )
    select t.user_id as "userId", t.channel_id as "channelId", l.gateway, jsonb_agg(distinct t.id) as ids,
      jsonb_agg(e.event order by t.id, e.place) as events
    from taken t join channels l on l.id = t.channel_id,
      jsonb_array_elements(t.events) with ordinality as e(event, place)
    group by t.user_id, t.channel_id, l.gateway
  `.execute(trx)
    return rows
  })
}
