import type { CAMPAIGN_ACTIONS } from '#contract/audit.ts'

/** The contract's list, said again: its file brings the schemas, 40 kB that a page which only reads has no use for. */
export const CAMPAIGN_ACTION_NAMES = [
  'create',
  'start',
  'pause',
  'resume',
  'cancel',
  'delete',
  'edit',
  'auto-pause',
  'complete',
  'fail',
  'restore',
  'auto-correct',
] as const satisfies readonly (typeof CAMPAIGN_ACTIONS)[number][]
