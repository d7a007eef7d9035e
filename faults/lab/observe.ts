import { readFileSync } from 'node:fs'
import type { RecipientStatus } from '#contract/states.ts'
import { check, until } from './check.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import type { RawExchange, RawGateway } from './RawGateway.ts'
import type { ServerProcess } from './ServerProcess.ts'

export type Row = {
  id: number
  number: string
  status: RecipientStatus
  step: number
  attempts: number
  resends: number
  maybeSent: boolean
  category: string | null
  code: string | null
  /** Milliseconds until its next attempt. */
  dueInMs: number | null
}

/** The recipients as the database has them. */
export function rowsOf(campaign: ObservedCampaign): Promise<Row[]> {
  return campaign.site.query<Row>(
    `select id::int, substr(phone, 2) as number, status, step::int, attempts::int, resends::int, maybe_sent as "maybeSent",
      error_category as category, error_code as code,
      (extract(epoch from next_attempt_at - clock_timestamp()) * 1000)::float8 as "dueInMs"
    from campaign_contacts where campaign_id = $1 order by id`,
    [campaign.id],
  )
}

export type LoggedError = { category: string; code: string; message: string; number: string | null; at: Date }

/** The error log of a campaign, oldest first; `number` null is a row of the campaign itself. */
export function errorsOf(campaign: ObservedCampaign): Promise<LoggedError[]> {
  return campaign.site.query<LoggedError>(
    `select e.error_type as category, e.error_code as code, e.error_message as message, substr(c.phone, 2) as number,
      e.created_at as at
    from campaign_error_logs e left join campaign_contacts c on c.campaign_id = e.campaign_id and c.id = e.contact_id
    where e.campaign_id = $1 order by e.id`,
    [campaign.id],
  )
}

/** When a campaign was paused by itself, by the audit trail. */
export async function autoPausesOf(campaign: ObservedCampaign): Promise<{ at: Date; reason: string }[]> {
  return campaign.site.query(
    `select created_at as at, details ->> 'reason' as reason from campaign_audit_logs
    where campaign_id = $1 and action = 'auto-pause' order by id`,
    [campaign.id],
  )
}

/** Milliseconds until the channel may send again; 0 when it may. */
export async function backOffOf(campaign: ObservedCampaign): Promise<number> {
  const [row] = await campaign.site.query<{ ms: number | null }>(
    `select (extract(epoch from l.back_off_until - clock_timestamp()) * 1000)::float8 as ms
    from campaigns c join channels l on l.id = c.channel_id where c.id = $1`,
    [campaign.id],
  )
  return Math.max(0, row?.ms ?? 0)
}

/** The largest number of requests that were open at one moment. */
export function mostAtOnce(exchanges: RawExchange[]): number {
  const steps = exchanges.flatMap(({ readAt, endedAt }) => [
    { at: readAt, by: 1 },
    { at: endedAt ?? Infinity, by: -1 },
  ])
  let open = 0
  let peak = 0
  for (const { by } of steps.toSorted((a, b) => a.at - b.at || a.by - b.by)) peak = Math.max(peak, (open += by))
  return peak
}

/** How long the caller waited for the answers that never came, in ms. */
export function waitsOf(exchanges: RawExchange[]): number[] {
  return exchanges
    .filter(({ answered, endedAt }) => !answered && endedAt !== null)
    .map(({ readAt, endedAt }) => (endedAt ?? readAt) - readAt)
}

/** Returns once the gateway has read `count` sends of the channel (of all, without one). */
export async function untilRead(gateway: RawGateway, count: number, limitMs: number, channel?: string): Promise<void> {
  await until(`${count} requests`, () => (gateway.readCount(channel) >= count ? true : null), { limitMs, everyMs: 10 })
}

/** Resident memory of a process in MiB. */
export function rssMiB({ pid }: ServerProcess): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  check(kib !== undefined, `Process ${pid} has no memory to measure.`)
  return Number(kib) / 1024
}

/** Watches a process's memory while `work` goes on; the most it had, in MiB. */
export async function peakRssDuring(server: ServerProcess, work: () => Promise<void>): Promise<number> {
  let peak = rssMiB(server)
  const timer = setInterval(() => {
    if (!server.hasEnded) peak = Math.max(peak, rssMiB(server))
  }, 50)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return Math.round(peak)
}
