import type { CampaignProgress } from '#contract/campaigns.ts'
import { isFinal, RECIPIENT_STATUSES, type CampaignStatus, type RecipientStatus } from '#contract/states.ts'
import { ApiProblem } from '../lab/ApiClient.ts'
import { check } from '../lab/check.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

/** What a person may ask for, in which states, and where it leads. Of the model's own: nothing here is the product's. */
const WISHES = {
  start: { from: ['draft'], to: 'running' },
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
  cancel: { from: ['draft', 'running', 'paused'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly CampaignStatus[]; to: CampaignStatus }>
export type Wish = keyof typeof WISHES

/** How far a recipient has come; it never goes back from a state to a lower one. */
const RANK: Record<RecipientStatus, number> = {
  pending: 0,
  retrying: 0,
  sending: 0,
  unknown: 1,
  sent: 2,
  delivered: 3,
  read: 4,
  failed: 5,
  skipped: 5,
  cancelled: 5,
}

/** What the world around the product has been like since the last look. */
export type Weather = { connected: boolean; wasDisconnected: boolean; wasKilled: boolean }

/**
 * The simplest thing that can be said of a campaign: the state it is in, and those it may have got to by itself since
 * the last look. Each look compares that with the product, and the people with what they were.
 */
export class CampaignModel {
  readonly observed: ObservedCampaign
  status: CampaignStatus
  readonly #ranks = new Map<string, RecipientStatus>()

  constructor(observed: ObservedCampaign, status: CampaignStatus) {
    this.observed = observed
    this.status = status
  }

  /** Looks at the product: the books add up, the state is one it may be in, nobody has gone backwards. */
  async look(weather: Weather): Promise<void> {
    const now = await this.observed.progress()
    const { stats } = now
    const sum = RECIPIENT_STATUSES.reduce((total, status) => total + stats[status], 0)
    check(sum === stats.total, `The states add up to ${sum} of ${stats.total}.`)
    if (!now.preparing) {
      const people = this.observed.phones.length
      check(stats.total === people, `${stats.total} people are in a campaign that was made for ${people}.`)
    }
    check(
      now.status === this.status || this.#byItself(weather).includes(now.status),
      `A campaign that was ${this.status} is ${now.status}.`,
    )
    this.#checkReason(now, weather)
    this.status = now.status
    await this.#lookAtPeople()
  }

  /** Asks the product for a change, and holds its answer against the state machine. */
  async ask(wish: Wish, weather: Weather): Promise<void> {
    const { from, to } = WISHES[wish]
    const isLegal = (from as readonly CampaignStatus[]).includes(this.status)
    const mayHaveMoved = this.status === 'running'
    try {
      await this.observed.site.api.post(`/api/user/bulk-campaigns/${this.observed.id}/${wish}`)
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      check([409, 503].includes(error.status), `${wish} on a campaign that is ${this.status}: ${error.message}`)
      const needsChannel = to === 'running' && !weather.connected
      check(!isLegal || needsChannel || mayHaveMoved, `${wish} was refused on ${this.status}: ${error.message}`)
      return
    }
    check(isLegal || this.status === to, `${wish} was accepted on a campaign that is ${this.status}.`)
    if (isLegal) this.status = to
  }

  #byItself({ wasDisconnected, wasKilled }: Weather): CampaignStatus[] {
    if (this.status !== 'running') return []
    return wasDisconnected || wasKilled ? ['completed', 'paused'] : ['completed']
  }

  #checkReason({ status, pauseReason }: CampaignProgress, { wasDisconnected, wasKilled }: Weather): void {
    if (status !== 'paused' || this.status === 'paused') return
    const reasons = [...(wasDisconnected ? ['disconnected'] : []), ...(wasKilled ? ['restart'] : [])]
    check(reasons.includes(pauseReason ?? ''), `The campaign is paused for ${pauseReason}, not for ${reasons.join()}.`)
  }

  async #lookAtPeople(): Promise<void> {
    const rows = await this.observed.site.query<{ phone: string; status: RecipientStatus }>(
      'select phone, status from campaign_contacts where campaign_id = $1',
      [this.observed.id],
    )
    for (const { phone, status } of rows) {
      const former = this.#ranks.get(phone) ?? 'pending'
      check(RANK[status] >= RANK[former], `${phone} was ${former} and is ${status}.`)
      this.#ranks.set(phone, status)
    }
    if (!isFinal(this.status) || this.status === 'cancelled') return
    const open = rows.filter(({ status }) => RANK[status] === 0)
    check(open.length === 0, `${open.length} people are open in a campaign that is ${this.status}.`)
  }
}
