import { logSweeps, type Sweep } from '#server/audit/sweeps.ts'
import { AUTH_SWEEPS } from '#server/auth/expiredRows.ts'
import type { Config } from '#server/config.ts'
import { PHONE_SWEEPS } from '#server/phone/phoneCheckQueries.ts'
import { SEND_HISTORY_SWEEPS } from '#server/recipients/sendHistory.ts'

/** Everything that leaves by itself after a while, one entry a kind; the daily job and its command go through them. */
export function dailySweeps(config: Config): Sweep[] {
  const { auditRetentionDays, deletedAuditRetentionDays, errorRetentionDays } = config
  const logs = logSweeps({
    auditDays: auditRetentionDays,
    deletedAuditDays: deletedAuditRetentionDays,
    errorDays: errorRetentionDays,
  })
  return [...logs, ...AUTH_SWEEPS, ...PHONE_SWEEPS, ...SEND_HISTORY_SWEEPS]
}
