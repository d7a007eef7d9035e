import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'

/** A campaign of a minute still gets a chart. */
const EVERY_MS = 2000
/** Two samples for each of the 120 points of a chart, however long the campaign goes on. */
const SAMPLES_A_LIFE = 240
/** "Today" is as exact as this where a campaign runs past midnight. */
const LONGEST_MINUTES = 15
/** Most receipts that come at all have come by then. */
const WATCHED_DAYS = 3

/**
 * Notes how the counters of campaigns stand while they change, so that a report can say when things happened without
 * asking the recipients: some hundred narrow rows for a campaign of a day, a few thousand for one of a month, whatever
 * its size. The older the campaign, the longer it waits between two; so the rows are always closer together than the
 * points of a chart. Dispatch and receipts do nothing for it. Any number of workers may do this at once.
 */
export class CountSampler {
  readonly #db: Db
  readonly #poller: Poller

  constructor({ db, log }: { db: Db; log: Log }) {
    this.#db = db
    this.#poller = new Poller({ work: () => this.sample(), intervalMs: EVERY_MS, log })
  }

  start(): void {
    this.#poller.start()
  }

  stop(): Promise<void> {
    return this.#poller.stop()
  }

  /** One round. */
  async sample(): Promise<void> {
    await sql`
      with stirring as (
        select id from campaigns where status = 'running' and kind = 'campaign' and deleted_at is null
        union
        select id from campaigns where kind = 'campaign'
          and coalesce(finished_at, paused_at) > clock_timestamp() - make_interval(days => ${WATCHED_DAYS}::int)
      )
      insert into campaign_samples (user_id, campaign_id, accepted, delivered, read, failed)
      select c.user_id, c.id, k.sent + k.delivered + k.read, k.delivered + k.read, k.read, k.failed
      from stirring w join campaigns c on c.id = w.id
      join campaign_counts k on k.user_id = c.user_id and k.campaign_id = c.id
      left join lateral (
        select s.* from campaign_samples s where s.user_id = c.user_id and s.campaign_id = c.id order by s.at desc limit 1
      ) l on true
      where (k.sent + k.delivered + k.read, k.delivered + k.read, k.read, k.failed)
          is distinct from (coalesce(l.accepted, 0), coalesce(l.delivered, 0), coalesce(l.read, 0), coalesce(l.failed, 0))
        and (l.at is null or clock_timestamp() - l.at >= least(
          make_interval(mins => ${LONGEST_MINUTES}::int), (clock_timestamp() - c.started_at) / ${SAMPLES_A_LIFE}::int
        ))
      on conflict do nothing
    `.execute(this.#db)
  }
}
