import { windowStateAt, type WindowState } from '#server/campaigns/sendingWindow.ts'
import type { CampaignPace } from './dispatchQueries.ts'

/** A number that has just come back sends at most this often, and at half its usual pace. */
const SLOW_GAP_MS = 2000

/** When a campaign may send: its window and the pause after each of its messages. Follows changes of both. */
export class PaceGate {
  #pace: CampaignPace
  #state: WindowState | null = null

  constructor(pace: CampaignPace) {
    this.#pace = pace
  }

  follow(pace: CampaignPace): void {
    const isOther =
      JSON.stringify(pace.window) !== JSON.stringify(this.#pace.window) || pace.timeZone !== this.#pace.timeZone
    if (isOther) this.#state = null
    this.#pace = pace
  }

  /** Milliseconds until the window opens; 0 while it is open, Infinity when it never does. */
  closedForMs(now: number = Date.now()): number {
    const { window, timeZone } = this.#pace
    if (window === null) return 0
    // Asked before every request: computed anew only where the last answer ends.
    const isStale = this.#state === null || (this.#state.until !== null && this.#state.until.getTime() <= now)
    if (isStale) this.#state = windowStateAt(window, timeZone, new Date(now))
    if (this.#state === null || this.#state.isOpen) return 0
    return this.#state.until === null ? Infinity : this.#state.until.getTime() - now
  }

  /** The shortest pause that may follow a message. */
  get shortestGapMs(): number {
    return this.#pace.isSlow ? Math.max(SLOW_GAP_MS, 2 * this.#pace.delayMinMs) : this.#pace.delayMinMs
  }

  /** The longest pause that may follow a message. */
  get longestGapMs(): number {
    return this.drawGapMs(1)
  }

  /** The pause after the message that leaves now, drawn between the campaign's two bounds. */
  drawGapMs(random: number = Math.random()): number {
    const { delayMinMs, delayMaxMs, isSlow } = this.#pace
    const drawn = delayMinMs + random * (delayMaxMs - delayMinMs)
    return isSlow ? Math.max(SLOW_GAP_MS, 2 * drawn) : drawn
  }
}
