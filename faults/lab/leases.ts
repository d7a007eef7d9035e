import { check, until } from './check.ts'
import type { LedgerLine } from './GatewayControl.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import type { ServerProcess } from './ServerProcess.ts'
import type { Site } from './Site.ts'

/** The lease of external sites, and what the product may take beyond it to replace a dead worker. */
export const LEASE_MS = 2000
export const TAKEOVER_GRACE_MS = 5000

/** Requests that were written before a kill are read by the gateway within this. */
const ON_THE_WIRE_MS = 100

/** Which of the workers holds the campaign; throws when none of them does within a lease. */
export async function holderOf(campaign: ObservedCampaign, workers: ServerProcess[]): Promise<ServerProcess> {
  return until(
    'a worker that holds the campaign',
    async () => {
      const [row] = await campaign.site.query<{ pid: number }>(
        'select w.pid from campaigns c join workers w on w.id = c.processing_lock where c.id = $1',
        [campaign.id],
      )
      return workers.find(({ pid }) => pid === row?.pid) ?? null
    },
    { limitMs: LEASE_MS },
  )
}

/** Returns when `count` live workers are registered since before the holder's last renewal: heirs, should it die. */
export async function untilHeirs(site: Site, campaign: ObservedCampaign, count: number): Promise<void> {
  const enough = async () => {
    const rows = await site.query(
      `select 1 from workers w join campaigns c on c.id = $1 and c.lock_renewed_at >= w.started_at
      where w.heartbeat_at > clock_timestamp() - interval '2 seconds'`,
      [campaign.id],
    )
    return rows.length >= count ? true : null
  }
  await until(`${count} workers that may send the campaign`, enough, { limitMs: 5 * LEASE_MS })
}

/** When (ms since 1970) the gateway read the first request that was not under way at `since`; null when none came. */
export function firstRequestAfter(ledger: LedgerLine[], since: number): number | null {
  const line = ledger.find(({ kind, t }) => kind === 'read' && Date.parse(t) > since + ON_THE_WIRE_MS)
  return line === undefined ? null : Date.parse(line.t)
}

/** Waits until requests came again after `since`, and returns when the first of them did (ms since 1970). */
export async function untilRequestsAfter(campaign: ObservedCampaign, since: number, limitMs: number): Promise<number> {
  const at = await until(
    'the first request of the next holder',
    async () => firstRequestAfter(await campaign.ledger(), since),
    { limitMs, everyMs: 100 },
  )
  check(at > since, 'Requests cannot come before their cause.')
  return at
}
