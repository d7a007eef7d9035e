import { RECIPIENT_STATUSES, type RecipientStatus } from '#contract/states.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { ExpectationFailed } from './check.ts'
import { findExcess } from './findExcess.ts'
import { findHaste } from './findHaste.ts'
import { findLeaks } from './findLeaks.ts'
import type { LedgerLine } from './GatewayControl.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import { replayAudit, type AuditRow } from './replayAudit.ts'

type Row = {
  id: number
  phone: string
  status: RecipientStatus
  /** Of somebody who was skipped: why. */
  reason?: string | null
}
export type Books = {
  status: string
  tag: number
  /** Messages of the sequence. */
  steps: number
  rows: Row[]
  counts: Record<string, number>
  audit: AuditRow[]
  completed: boolean
}

/** What the oracle counted. */
export type Balance = {
  recipients: number
  accepted: number
  unknown: number
  /** Left out on purpose, each with a reason. */
  skipped: number
  /** Requests for an id that had been requested before. */
  repeatedRequests: number
  /** Repeated requests that the gateway accepted again; the recipient saw one message. */
  repeatedAccepts: number
}

/**
 * The oracle: compares database, counters, audit trail and the gateway's ledger of a campaign at rest, and looks for
 * secrets in plain, requests too close together, and connections and files that nobody needs. Throws with
 * everything that does not hold. `completed` also demands that nobody is open and everybody was reached. `booksOnly`
 * leaves out what is true of the site as a whole: for one of many campaigns, the last of which is looked at in full.
 */
export async function balance(
  campaign: ObservedCampaign,
  options: { completed: boolean; booksOnly?: boolean } = { completed: true },
): Promise<Balance> {
  const books = { ...(await readBooks(campaign)), gapMs: await gapOf(campaign), completed: options.completed }
  const ledger = await campaign.ledger()
  const problems = [
    ...findProblems(books, campaign.phones, ledger),
    ...findHaste(ledger, books.gapMs),
    ...(options.booksOnly === true ? [] : await findLeaks(campaign.site)),
    ...(options.booksOnly === true ? [] : await findExcess(campaign.site)),
  ]
  if (problems.length > 0)
    throw new ExpectationFailed(`The books do not balance:\n${problems.map((line) => `- ${line}`).join('\n')}`)
  return summarize(books, ledger)
}

/** The pause that must lie between two messages of the campaign at least, in ms. */
async function gapOf(campaign: ObservedCampaign): Promise<number> {
  const [pace] = await campaign.site.query<{ gapMs: number }>(
    `select greatest(c.delay_min_ms, l.min_delay_ms)::int as "gapMs"
    from campaigns c join channels l on l.id = c.channel_id where c.id = $1`,
    [campaign.id],
  )
  return pace?.gapMs ?? 0
}

/** Everything that does not hold, one sentence each; empty when the books balance with the ledger. */
export function findProblems(books: Books, phones: readonly string[], ledger: LedgerLine[]): string[] {
  return [
    ...checkRows(books, phones),
    ...checkCounters(books),
    ...checkIds(books, ledger),
    ...checkAcceptance(books, ledger),
    ...replayAudit(books.audit, books.status),
    ...books.audit
      // A worker that dies right after the last settle leaves its lock behind, and nothing else.
      .filter(({ action, details }) => action === 'auto-correct' && details['what'] !== 'lock')
      .map(({ details }) => `The counters had drifted: ${JSON.stringify(details)}.`),
  ]
}

/** What the database says of a campaign, in one snapshot. */
export async function readBooks(campaign: ObservedCampaign): Promise<Omit<Books, 'completed'>> {
  return campaign.site.inSnapshot(async (ask) => {
    const [head] = await ask<{ status: string; tag: string; steps: number }>(
      'select status, message_tag::text as tag, jsonb_array_length(messages) as steps from campaigns where id = $1',
      [campaign.id],
    )
    const rows = await ask<Row>(
      'select id::int, phone, status, error_code as reason from campaign_contacts where campaign_id = $1 order by id',
      [campaign.id],
    )
    const [counts] = await ask<Record<string, number>>('select * from campaign_counts where campaign_id = $1', [
      campaign.id,
    ])
    const audit = await ask<AuditRow>(
      'select action, details from campaign_audit_logs where campaign_id = $1 order by id',
      [campaign.id],
    )
    return {
      status: head?.status ?? '',
      tag: Number(head?.tag),
      steps: head?.steps ?? 1,
      rows,
      counts: counts ?? {},
      audit,
    }
  })
}

function checkRows({ rows, status, completed }: Books, phones: readonly string[]): string[] {
  const problems: string[] = []
  const inBooks = new Set(rows.map(({ phone }) => phone))
  const missing = phones.filter((phone) => !inBooks.has(phone))
  if (missing.length > 0) problems.push(`${missing.length} people are not in the books, such as ${missing[0]}.`)
  if (rows.length !== phones.length) problems.push(`${rows.length} rows for ${phones.length} people.`)
  const sending = rows.filter((row) => row.status === 'sending').length
  if (sending > 0) problems.push(`${sending} rows were left in sending.`)
  const silent = rows.filter((row) => row.status === 'skipped' && (row.reason ?? '') === '').length
  if (silent > 0) problems.push(`${silent} people were skipped without a reason.`)
  if (!completed) return problems
  if (status !== 'completed') problems.push(`The campaign is ${status}.`)
  const open = rows.filter((row) => row.status === 'pending' || row.status === 'retrying').length
  if (open > 0) problems.push(`${open} rows are open in a campaign that should be complete.`)
  return problems
}

function checkCounters({ rows, counts }: Books): string[] {
  return RECIPIENT_STATUSES.flatMap((status) => {
    const counted = rows.filter((row) => row.status === status).length
    return counts[status] === counted ? [] : [`The counter says ${counts[status]} ${status}, the rows say ${counted}.`]
  })
}

/** One id per person and step, the one that the books compute, and one text under it. */
function checkIds({ rows, tag, steps }: Books, ledger: LedgerLine[]): string[] {
  const expected = new Map(
    rows.map((row) => [row.phone.slice(1), Array.from({ length: steps }, (_, step) => messageIdOf(tag, row.id, step))]),
  )
  const strange = ledger.filter((line) => expected.get(line.number)?.includes(line.messageId) !== true)
  const problems = strange
    .slice(0, 3)
    .map((line) => `${line.number} was ${line.kind} under ${line.messageId}, not ${expected.get(line.number)?.join()}.`)
  const bodies = new Map<string, string>()
  const changed = ledger.filter((line) => (bodies.get(line.messageId) ?? setFirst(bodies, line)) !== line.bodySha256)
  if (changed.length > 0)
    problems.push(`${changed.length} requests had another body under the same id, such as ${changed[0]?.messageId}.`)
  return problems
}

function setFirst(bodies: Map<string, string>, line: LedgerLine): string {
  bodies.set(line.messageId, line.bodySha256)
  return line.bodySha256
}

/** States of people whom a completed campaign did not reach. */
const MAY_BE_UNREACHED = new Set<RecipientStatus>(['failed', 'unknown', 'skipped'])

/** Whom we call reached got every step; who did is called so, or unknown. */
function checkAcceptance({ rows, steps, completed }: Books, ledger: LedgerLine[]): string[] {
  const accepted = numbersWithEvery(steps, ledger)
  const wrong = (what: string, found: Row[]) =>
    found.length === 0 ? [] : [`${found.length} ${what}, such as ${found[0]?.phone} (${found[0]?.status}).`]
  const isReached = ({ phone }: Row) => accepted.has(phone.slice(1))
  // While the campaign is open, an accepted message may still wait for its resend.
  const mayBeReached = new Set<RecipientStatus>(completed ? ['unknown'] : ['unknown', 'retrying', 'pending'])
  return [
    ...wrong(
      'are called sent and the gateway never accepted them',
      rows.filter((row) => isAccepted(row) && !isReached(row)),
    ),
    ...wrong(
      'were accepted and are not called so',
      rows.filter((row) => isReached(row) && !isAccepted(row) && !mayBeReached.has(row.status)),
    ),
    ...(completed
      ? wrong(
          'were never reached',
          rows.filter((row) => !isReached(row) && !MAY_BE_UNREACHED.has(row.status)),
        )
      : []),
  ]
}

function numbersWithEvery(steps: number, ledger: LedgerLine[]): Set<string> {
  const accepted = ledger.filter(({ kind }) => kind === 'accepted')
  const idsByNumber = Map.groupBy(accepted, ({ number }) => number)
  const isWhole = (lines: LedgerLine[]) => new Set(lines.map(({ messageId }) => messageId)).size >= steps
  return new Set([...idsByNumber].filter(([, lines]) => isWhole(lines)).map(([number]) => number))
}

function isAccepted({ status }: Row): boolean {
  return status === 'sent' || status === 'delivered' || status === 'read'
}

function summarize({ rows }: Books, ledger: LedgerLine[]): Balance {
  const read = ledger.filter(({ kind }) => kind === 'read')
  return {
    recipients: rows.length,
    accepted: rows.filter(isAccepted).length,
    unknown: rows.filter(({ status }) => status === 'unknown').length,
    skipped: rows.filter(({ status }) => status === 'skipped').length,
    repeatedRequests: read.length - new Set(read.map(({ messageId }) => messageId)).size,
    repeatedAccepts: ledger.filter(({ duplicate }) => duplicate === true).length,
  }
}

/** Waits for the end of the campaign; the books must balance, and everybody in them be reached. */
export async function balanceAtEnd(campaign: ObservedCampaign, limitMs: number): Promise<Balance> {
  await campaign.untilCompleted(limitMs)
  const books = await balance(campaign)
  if (books.accepted === books.recipients) return books
  const rest = await campaign.site.query(
    `select status, error_category, error_code, attempts, resends, started_deaths, maybe_sent, count(*)::int as n from campaign_contacts
    where campaign_id = $1 and status not in ('sent', 'delivered', 'read') group by 1, 2, 3, 4, 5, 6, 7`,
    [campaign.id],
  )
  throw new ExpectationFailed(
    `${books.accepted} of ${books.recipients} people were reached; the rest: ${JSON.stringify(rest)}.`,
  )
}
