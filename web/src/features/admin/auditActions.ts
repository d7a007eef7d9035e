import { ACCOUNT_ACTIONS, CAMPAIGN_ACTIONS } from '#contract/audit.ts'

/** Everything that the trail can tell of. */
export const AUDIT_ACTIONS = [...CAMPAIGN_ACTIONS, ...ACCOUNT_ACTIONS] as const
