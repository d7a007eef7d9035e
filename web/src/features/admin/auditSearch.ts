import type { AuditFilter } from '#contract/audit.ts'

/*
 * The router reads this before any page is loaded, so nothing here may need the contract's schemas at run time.
 */
type AuditAction = NonNullable<AuditFilter['action']>

/** The filters as they stand in the address: days of the reader's calendar, both counted. */
export type AuditSearch = {
  /** As it stands there; `filterOf` asks for those that exist. */
  action?: string | undefined
  user?: string | undefined
  campaign?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const ACTION = /^[a-z-]{1,40}$/
const DAY = /^\d{4}-\d\d-\d\d$/

/** What of an address can be asked for; the rest is left out. */
export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  return {
    action: matching(search['action'], ACTION),
    user: matching(search['user'], UUID),
    campaign: matching(search['campaign'], UUID),
    from: matching(search['from'], DAY),
    to: matching(search['to'], DAY),
  }
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}

/** The same as the server asks for it: an action that exists, and instants, of which the end does not count. */
export function filterOf({ action, from, to, ...rest }: AuditSearch, actions: readonly AuditAction[]): AuditFilter {
  const known = actions.find((name) => name === action)
  const start = from === undefined ? undefined : dayStart(from, 0)
  const end = to === undefined ? undefined : dayStart(to, 1)
  return Object.fromEntries(
    Object.entries({ ...rest, action: known, from: start, to: end }).filter(([, value]) => value !== undefined),
  )
}

/** Midnight of this device's clock, so many days later; undefined for a day that no calendar has. */
function dayStart(day: string, plusDays: number): string | undefined {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const at = new Date(year, month - 1, date + plusDays)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}
