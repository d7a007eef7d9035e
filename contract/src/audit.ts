import { z } from 'zod'
import { id, instant, pageQuery } from './common.ts'

/** What can happen to a campaign. */
export const CAMPAIGN_ACTIONS = [
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
] as const

/** What can happen to an account, beside its campaigns. */
export const ACCOUNT_ACTIONS = [
  'setup',
  'sign-in',
  'sign-in-refused',
  'sign-out',
  'session-revoke',
  'password-change',
  'second-factor-offer',
  'second-factor-on',
  'second-factor-off',
  'user-create',
  'user-edit',
  'user-delete',
  'user-disable',
  'user-enable',
  'role-change',
  'api-key-create',
  'api-key-revoke',
  'channel-create',
  'channel-edit',
  'channel-delete',
  'channel-token-change',
  'channel-connect',
  'channel-disconnect',
  'import-upload',
  'import-create',
  'import-cancel',
  'import-delete',
  'import-undo',
  'import-undone',
  'contact-create',
  'contact-edit',
  'contact-delete',
  'contact-export',
  'contact-erase',
  'contacts-from-channel',
  'contact-list-create',
  'contact-list-edit',
  'contact-list-delete',
  'contact-list-add',
  'contact-list-remove',
  'frequency-cap-change',
  'campaign-export',
  'campaign-draft-create',
  'campaign-draft-delete',
  'suppression-add',
  'suppression-remove',
  'suppression-release',
  'media-create',
  'media-delete',
  'template-create',
  'template-edit',
  'template-delete',
  'suppression-export',
  'key-rotate',
  'audit-export',
  'retention',
] as const

export type CampaignAction = (typeof CAMPAIGN_ACTIONS)[number]
export type AccountAction = (typeof ACCOUNT_ACTIONS)[number]

export const auditRow = z.object({
  id: z.string(),
  at: instant,
  /** A newer server may know more of them. */
  action: z.string(),
  /** Who did it; null: the product by itself, or somebody who had not signed in. */
  userId: id.nullable(),
  userName: z.string().nullable(),
  address: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
})
export type AuditRow = z.infer<typeof auditRow>

/** A row among those of all accounts. */
export const adminAuditRow = auditRow.extend({
  /** Whose account or campaign it is about. */
  ownerId: id.nullable(),
  campaignId: id.nullable(),
  target: z.string().nullable(),
})
export type AdminAuditRow = z.infer<typeof adminAuditRow>

export const auditPageQuery = pageQuery.extend({ order: z.enum(['oldest', 'newest']).optional() })

/** `user` finds what somebody did and what was done to their account; `from` counts, `to` does not. */
export const auditFilter = z.strictObject({
  user: id.optional(),
  action: z.enum([...CAMPAIGN_ACTIONS, ...ACCOUNT_ACTIONS]).optional(),
  campaign: id.optional(),
  from: instant.optional(),
  to: instant.optional(),
})
export type AuditFilter = z.infer<typeof auditFilter>
export const adminAuditQuery = auditFilter.extend(pageQuery.shape)
