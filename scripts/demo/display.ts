import type { CampaignProgress } from '#contract/campaigns.ts'
import type { ContactImport } from '#contract/imports.ts'
import { acceptedOf, openOf, totalOf } from '#contract/states.ts'
import { formatTimeRemaining } from '#contract/timeRemaining.ts'

const BAR = 28
const number = new Intl.NumberFormat('en-US')

export const say = (text: string): void => void process.stdout.write(`${text}\n`)
export const count = (value: number): string => number.format(value)

/** One line that is drawn again in place; in a pipe a line every few seconds instead. */
export class LiveLine {
  readonly #out = process.stdout
  #last = ''
  #printedAt = 0

  draw(text: string): void {
    if (text === this.#last) return
    this.#last = text
    if (this.#out.isTTY) this.#out.write(`\r\u001b[2K${text.slice(0, (this.#out.columns ?? 100) - 1)}`)
    else if (Date.now() - this.#printedAt > 2000) {
      this.#printedAt = Date.now()
      this.#out.write(`${text}\n`)
    }
  }

  end(text: string): void {
    this.#out.write(this.#out.isTTY ? `\r\u001b[2K${text}\n` : `${text}\n`)
  }
}

export function importLine(row: ContactImport): string {
  const part = row.bytesTotal === 0 ? 0 : row.bytesRead / row.bytesTotal
  return `  ${bar(part)} ${count(row.rows)} rows read`
}

export function progressLine(progress: CampaignProgress): string {
  const { stats } = progress
  const done = stats.total - openOf(stats)
  const speed = progress.averageSpeed === null ? '' : ` · ${count(Math.round(progress.averageSpeed / 60))}/s`
  const left =
    progress.estimatedSecondsRemaining === null ? null : formatTimeRemaining(progress.estimatedSecondsRemaining, 'en')
  const waiting = stats.retrying > 0 ? ` · ${count(stats.retrying)} waiting to be retried` : ''
  return `  ${bar(stats.total === 0 ? 0 : done / stats.total)} ${count(done)} of ${count(stats.total)}${speed}${left === null ? '' : ` · ${left}`}${waiting}`
}

/** The balance: chosen on one side, every named state on the other. */
export function balance(progress: CampaignProgress, ledger: number): string[] {
  const { stats } = progress
  const accepted = acceptedOf(stats)
  const reasons = Object.entries(progress.failedByCategory)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, n]) => row(`    ${REASONS[reason] ?? reason}`, n))
  return [
    row('  Chosen', stats.total),
    '  ' + '─'.repeat(52),
    row('  Accepted by the gateway', accepted),
    row('    delivered or read, so far', stats.delivered + stats.read),
    row('  Failed', stats.failed),
    ...reasons,
    row('  Skipped', stats.skipped),
    row('  Unknown (sent or not, nobody can tell)', stats.unknown),
    row('  Cancelled', stats.cancelled),
    row('  Still open', openOf(stats)),
    '  ' + '─'.repeat(52),
    row('  Sum of the states', totalOf(stats)),
    row("  Distinct messages in the gateway's ledger", ledger),
  ]
}

const REASONS: Record<string, string> = {
  INVALID_NUMBER: 'not on WhatsApp',
  BLOCKED_NUMBER: 'blocked',
  API_ERROR: 'refused by the gateway',
  SERVER_BUSY: 'gateway busy',
  TIMEOUT: 'no answer in time',
}

function row(label: string, value: number): string {
  return `${label.padEnd(46)}${count(value).padStart(8)}`
}

function bar(part: number): string {
  const full = Math.min(BAR, Math.floor(part * BAR))
  return `[${'█'.repeat(full)}${'·'.repeat(BAR - full)}]`
}
