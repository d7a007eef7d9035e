import { sql } from 'kysely'
import { MISSED_AFTER_MINUTES } from '#contract/campaigns.ts'
import { openOf, type Counts, type PauseReason } from '#contract/states.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { holdChannel, SLOW_AFTER_RETURN_MS } from '#server/channels/channelHold.ts'
import { IS_ARMED } from '#server/db/arming.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction, tryWithin } from '#server/db/transaction.ts'
import type { SendFailure } from '#server/channels/gateways/Gateway.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import { cancelRecipients } from '#server/recipients/cancelRecipients.ts'
import { hasOpenRecipients, logCampaignErrors, recount } from '#server/recipients/recipientQueries.ts'
import { endClosing, moveCampaigns } from './campaignQueries.ts'

const CANCEL_CHUNK = 5000
/** Scheduled for one instant there may be thousands; a statement takes so many at a time. */
const START_CHUNK = 1000
const MISSED_AFTER_MS = MISSED_AFTER_MINUTES * 60_000

/** The changes of state that nobody asked for: completed, paused by the channel, paused by a restart, swept. */
export class CampaignKeeper {
  readonly #db: Db
  readonly #audit: AuditLogger
  readonly #bell: Bell

  constructor(options: { db: Db; audit: AuditLogger; bell: Bell }) {
    this.#db = options.db
    this.#audit = options.audit
    this.#bell = options.bell
  }

  /**
   * running → completed, if the rows themselves say that nobody is left: they are counted here once more, whatever the
   * counters say. False when somebody is.
   */
  async complete(campaign: { userId: string; id: string }): Promise<boolean> {
    if (await hasOpenRecipients(this.#db, campaign.userId, campaign.id)) return false
    if (failpoints !== null) await failpoints.pass('before_complete')
    const completed = await transaction(this.#db, async (trx) => {
      const { counts, drifted } = await recount(trx, campaign.userId, campaign.id)
      if (drifted) await this.#auditDrift(trx, campaign.id, counts)
      if (openOf(counts) > 0) return false
      const [moved] = await moveCampaigns(trx, 'completed', { id: campaign.id, where: sql<boolean>`not c.preparing` })
      if (moved === undefined) return false
      await this.#audit.log(trx, { campaignId: campaign.id, userId: null, action: 'complete', details: { counts } })
      return true
    })
    if (completed) this.#bell.ring()
    return completed
  }

  /** The same for single messages, many at once. Returns those that are over. */
  async completeSingles(ids: string[]): Promise<string[]> {
    if (failpoints !== null) await failpoints.pass('before_complete')
    return transaction(this.#db, async (trx) => {
      const isDecided = sql<boolean>`not exists (
        select 1 from campaign_contacts r where r.user_id = c.user_id and r.campaign_id = c.id
          and r.status in ('pending', 'retrying', 'sending')
      )`
      const moved = await moveCampaigns(trx, 'completed', { ids, kind: 'single', where: isDecided })
      await this.#audit.logAll(
        trx,
        moved.map(({ id }) => ({ campaignId: id, userId: null, action: 'complete' as const })),
      )
      return moved.map(({ id }) => id)
    })
  }

  /**
   * Pauses every running campaign of a channel, with one event and one error row each, and lets its single messages wait
   * until the number is ready again, with one row for all of them. Burns no recipient. An error log that cannot be
   * written keeps no campaign running: what it threw is returned as `unlogged`, else null.
   */
  async pauseChannel(
    channel: { userId: string; id: string },
    reason: PauseReason,
    failure: SendFailure,
  ): Promise<{ unlogged: unknown }> {
    const unlogged = await transaction(this.#db, async (trx) => {
      await holdChannel(trx, channel.id, reason)
      const moved = await moveCampaigns(trx, 'paused', {
        kind: 'campaign',
        userId: channel.userId,
        channelId: channel.id,
        from: ['running'],
        pauseReason: reason,
      })
      await this.#audit.logAll(
        trx,
        moved.map(({ id }) => ({
          campaignId: id,
          userId: null,
          action: 'auto-pause' as const,
          details: { reason, code: failure.code },
        })),
      )
      const { category, code, message } = failure
      const errors = moved.map(({ id }) => ({ userId: channel.userId, campaignId: id, category, code, message }))
      return tryWithin(trx, () => logCampaignErrors(trx, errors))
    })
    this.#bell.ring()
    return { unlogged }
  }

  /**
   * scheduled → running for campaigns whose time has come; those that nobody started in time become paused (missed) and
   * wait for a person: what was meant for the morning must not go out at night.
   */
  async startDue(): Promise<void> {
    const late = sql`c.scheduled_at < clock_timestamp() - ${MISSED_AFTER_MS}::double precision * interval '1 millisecond'`
    // As a subquery it is asked once, and an index can be searched by it.
    const due = sql`c.scheduled_at <= (select clock_timestamp()) and not c.preparing and ${IS_ARMED}`
    const changes = [
      { to: 'paused', action: 'auto-pause', reason: 'missed', where: sql<boolean>`${due} and ${late}` },
      { to: 'running', action: 'start', reason: 'scheduled', where: sql<boolean>`${due} and not ${late}` },
    ] as const
    for (const { to, action, reason, where } of changes) {
      const options = { from: ['scheduled' as const], pauseReason: 'missed' as const, where, limit: START_CHUNK }
      let moved: number
      do {
        moved = await transaction(this.#db, async (trx) => {
          const campaigns = await moveCampaigns(trx, to, options)
          const entries = campaigns.map(({ id }) => ({ campaignId: id, userId: null, action, details: { reason } }))
          await this.#audit.logAll(trx, entries)
          return campaigns.length
        })
        if (moved > 0) this.#bell.ring()
      } while (moved === START_CHUNK)
    }
  }

  /** paused (disconnected) → running for campaigns of a channel that is back and that asked for it; slower at first. */
  async resumeAfterReconnect(channel: { userId: string; id: string }): Promise<string[]> {
    const moved = await transaction(this.#db, async (trx) => {
      const campaigns = await moveCampaigns(trx, 'running', {
        userId: channel.userId,
        channelId: channel.id,
        from: ['paused'],
        where: sql<boolean>`c.auto_resume and c.pause_reason = 'disconnected'`,
        slowForMs: SLOW_AFTER_RETURN_MS,
      })
      const entries = campaigns.map(({ id }) => ({
        campaignId: id,
        userId: null,
        action: 'resume' as const,
        details: { reason: 'reconnected' },
      }))
      await this.#audit.logAll(trx, entries)
      return campaigns.map(({ id }) => id)
    })
    // Also without a campaign: single messages may wait for it.
    this.#bell.ring()
    return moved
  }

  /**
   * running → paused (restart) for all campaigns: the product was down, and a person decides when to go on. Single
   * messages go on by themselves: nobody is there to resume each.
   */
  async pauseAllAfterRestart(): Promise<string[]> {
    return this.#pauseAfterRestart(sql<boolean>`true`)
  }

  /** paused (restart) → running, for installations that asked for it. */
  async resumeAfterRestart(ids: string[]): Promise<void> {
    for (const id of ids) {
      await transaction(this.#db, async (trx) => {
        const [moved] = await moveCampaigns(trx, 'running', {
          id,
          from: ['paused'],
          where: sql<boolean>`c.pause_reason = 'restart'`,
        })
        if (moved)
          await this.#audit.log(trx, { campaignId: id, userId: null, action: 'resume', details: { reason: 'restart' } })
      })
    }
    this.#bell.ring()
  }

  /**
   * The same for campaigns that no live worker may take over: nobody holds them, for longer than `graceMs`, and every
   * live worker registered only after they were last held. `workerId` is alive whatever its heartbeat says: it asks. A
   * process that was stalled would else pause its own campaigns before it has renewed anything.
   */
  async pauseOrphans(options: { graceMs: number; workerAliveMs: number; workerId: string | null }): Promise<string[]> {
    const ms = (value: number) => sql`${value}::double precision * interval '1 millisecond'`
    return this.#pauseAfterRestart(sql<boolean>`
      coalesce(c.lock_expires_at, c.lock_renewed_at) <= clock_timestamp() - ${ms(options.graceMs)}
      and c.lock_renewed_at <= clock_timestamp() - ${ms(options.graceMs)}
      and not exists (
        select 1 from workers w
        where (w.heartbeat_at > clock_timestamp() - ${ms(options.workerAliveMs)} or w.id = ${options.workerId}::uuid)
          and w.started_at <= c.lock_renewed_at
      )`)
  }

  /** Closes rows of cancelled campaigns whose audience is whole, a chunk of each at a time; true when there may be more. */
  async sweepCancelled(): Promise<boolean> {
    const { rows } = await sql<{ userId: string; id: string }>`
      select user_id as "userId", id from campaigns where closing and not preparing
    `.execute(this.#db)
    let closed = 0
    for (const { userId, id } of rows) {
      closed += await transaction(this.#db, async (trx) => {
        const now = await cancelRecipients(trx, userId, id, CANCEL_CHUNK)
        await endClosing(trx, userId, id)
        return now
      })
    }
    return closed > 0
  }

  async #pauseAfterRestart(where: ReturnType<typeof sql<boolean>>): Promise<string[]> {
    return transaction(this.#db, async (trx) => {
      const moved = await moveCampaigns(trx, 'paused', {
        kind: 'campaign',
        from: ['running'],
        pauseReason: 'restart',
        where,
      })
      await this.#audit.logAll(
        trx,
        moved.map(({ id }) => ({
          campaignId: id,
          userId: null,
          action: 'restore' as const,
          details: { reason: 'restart' },
        })),
      )
      return moved.map(({ id }) => id)
    })
  }

  async #auditDrift(trx: Parameters<AuditLogger['log']>[0], id: string, counts: Counts): Promise<void> {
    await this.#audit.log(trx, {
      campaignId: id,
      userId: null,
      action: 'auto-correct',
      details: { what: 'counters', counts },
    })
  }
}
