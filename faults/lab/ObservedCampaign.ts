import type { CampaignProgress } from '#contract/campaigns.ts'
import { acceptedOf, isFinal, type PauseReason } from '#contract/states.ts'
import { parseMessageId } from '#server/recipients/messageId.ts'
import { ApiProblem } from './ApiClient.ts'
import { check, until } from './check.ts'
import type { LedgerLine } from './GatewayControl.ts'
import type { LedgerSource } from './LedgerSource.ts'
import type { Site } from './Site.ts'

const CAMPAIGNS = '/api/user/bulk-campaigns'

export type Lease = {
  status: string
  owner: string | null
  epoch: number
  laneEpoch: number
  laneExpiresAt: Date | null
  isFree: boolean
}

/** A campaign, whom it must reach, and what can be seen of it from outside. */
export class ObservedCampaign {
  readonly site: Site
  readonly id: string
  /** Everybody in it, E.164. */
  readonly phones: readonly string[]
  readonly #gateway: LedgerSource

  /** `gateway`: the one that is written to, when that is not the site's own sandbox. */
  constructor(site: Site, id: string, phones: readonly string[], gateway: LedgerSource = site.gateway) {
    this.site = site
    this.id = id
    this.phones = phones
    this.#gateway = gateway
  }

  progress(): Promise<CampaignProgress> {
    return this.site.api.get<CampaignProgress>(`${CAMPAIGNS}/${this.id}/progress`)
  }

  pause(): Promise<unknown> {
    return this.site.api.post(`${CAMPAIGNS}/${this.id}/pause`)
  }

  resume(): Promise<unknown> {
    return this.site.api.post(`${CAMPAIGNS}/${this.id}/resume`)
  }

  cancel(): Promise<unknown> {
    return this.site.api.post(`${CAMPAIGNS}/${this.id}/cancel`)
  }

  /** Returns once the campaign runs and `count` messages are accepted. */
  untilAccepted(count: number, options: { limitMs: number; everyMs?: number }): Promise<CampaignProgress> {
    return this.#untilProgress(
      `${count} accepted`,
      (now) => now.status === 'running' && acceptedOf(now.stats) >= count,
      options,
    )
  }

  untilCompleted(limitMs: number): Promise<CampaignProgress> {
    return this.#untilProgress('completion', (now) => now.status === 'completed', { limitMs })
  }

  /** Returns once it is paused; throws unless the reason is a restart. */
  untilPausedByRestart(limitMs: number): Promise<CampaignProgress> {
    return this.untilPaused('restart', limitMs)
  }

  /** Returns once it is paused; throws unless for this reason. */
  async untilPaused(reason: PauseReason, limitMs: number): Promise<CampaignProgress> {
    const now = await this.#untilProgress(`the pause (${reason})`, ({ status }) => status === 'paused', { limitMs })
    check(now.pauseReason === reason, `The campaign is paused for ${now.pauseReason}, not for ${reason}.`)
    return now
  }

  /** The leases as the database has them. */
  async lease(): Promise<Lease> {
    const [lease] = await this.site.query<Lease>(
      `select c.status, c.processing_lock as owner, c.lock_epoch::int as epoch, l.lane_epoch::int as "laneEpoch",
        l.lane_expires_at as "laneExpiresAt", c.processing_lock is null and l.lane_owner is null as "isFree"
      from campaigns c join channels l on l.id = c.channel_id where c.id = $1`,
      [this.id],
    )
    check(lease !== undefined, 'The campaign is not in the database.')
    return lease
  }

  /** The books by the rows themselves. */
  async rowsByStatus(): Promise<Record<string, number>> {
    const rows = await this.site.query<{ status: string; n: number }>(
      'select status, count(*)::int as n from campaign_contacts where campaign_id = $1 group by status',
      [this.id],
    )
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]))
  }

  async auditActions(): Promise<string[]> {
    const rows = await this.site.query<{ action: string }>(
      'select action from campaign_audit_logs where campaign_id = $1 order by id',
      [this.id],
    )
    return rows.map(({ action }) => action)
  }

  /** What the gateway recorded of this campaign's messages. */
  async ledger(): Promise<LedgerLine[]> {
    const [row] = await this.site.query<{ tag: string }>(
      'select message_tag::text as tag from campaigns where id = $1',
      [this.id],
    )
    return (await this.#gateway.ledger()).filter((line) => parseMessageId(line.messageId)?.tag === Number(row?.tag))
  }

  async #untilProgress(
    what: string,
    isThere: (now: CampaignProgress) => boolean,
    options: { limitMs: number; everyMs?: number },
  ): Promise<CampaignProgress> {
    return until(
      `${what} of the campaign`,
      async () => {
        const now = await this.progress().catch(unlessUnavailable)
        if (now === null) return null
        check(isThere(now) || !isFinal(now.status), `The campaign is ${now.status} before ${what}.`)
        return isThere(now) ? now : null
      },
      options,
    )
  }
}

/** Whoever watches a campaign asks again when told so; every other refusal is thrown. */
function unlessUnavailable(error: unknown): null {
  if (error instanceof ApiProblem && error.status === 503) return null
  throw error
}
