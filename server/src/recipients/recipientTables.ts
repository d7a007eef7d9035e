import type { ColumnType, Generated, GeneratedAlways } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import type { RejectReason } from '#contract/imports.ts'
import type { Counts, RecipientStatus } from '#contract/states.ts'

type NullableInstant = ColumnType<Date | null, Date | null | undefined, Date | null>

export interface CampaignContactsTable {
  user_id: string
  campaign_id: string
  id: number
  contact_id: number | null
  status: Generated<RecipientStatus>
  processing_order: number
  step: Generated<number>
  attempts: Generated<number>
  resends: Generated<number>
  maybe_sent: Generated<boolean>
  uses_fallback: Generated<boolean>
  started_epoch: number | null
  started_deaths: Generated<number>
  claim_epoch: number | null
  next_attempt_at: NullableInstant
  rendered_at: NullableInstant
  status_at: ColumnType<Date, Date | undefined, Date>
  /** When the message was accepted, and when it was delivered; `status_at` where that is the present state. */
  sent_at: NullableInstant
  delivered_at: NullableInstant
  phone: string
  name: string | null
  error_category: FailureCategory | null
  error_code: string | null
  gateway_id: string | null
  /** The JID that its message goes to; null is the number. */
  send_to: string | null
  variables: ColumnType<Record<string, string>, string | undefined, string>
}

export type CampaignCountsTable = { user_id: string; campaign_id: string } & { [S in keyof Counts]: Generated<number> }

export interface CampaignFailureCountsTable {
  user_id: string
  campaign_id: string
  category: FailureCategory
  failed: number
}

export interface CampaignContactStepsTable {
  user_id: string
  campaign_id: string
  contact_id: number
  step: number
  status: RecipientStatus
  gateway_id: string | null
  settled_at: ColumnType<Date, Date | undefined, Date>
}

export interface CampaignErrorLogsTable {
  id: GeneratedAlways<number>
  user_id: string
  campaign_id: string
  contact_id: number | null
  error_type: FailureCategory
  error_code: string
  error_message: string
  stack_trace: string | null
  created_at: ColumnType<Date, Date | undefined, never>
}

export interface CampaignSourcesTable {
  user_id: string
  campaign_id: string
  position: number
  kind: 'typed' | 'import' | 'unreached' | 'label'
  import_id: string | null
  /** Of `label`: a group or a tag. */
  label_id: Generated<string | null>
  /** Of `unreached`: the campaign, and whom of it. */
  from_campaign_id: Generated<string | null>
  categories: Generated<FailureCategory[] | null>
  includes_unknown: Generated<boolean>
}

export interface CampaignTypedRecipientsTable {
  user_id: string
  campaign_id: string
  position: number
  phone: string | null
  name: string | null
  variables: ColumnType<Record<string, string>, string | undefined, string>
  input: string | null
  reason: RejectReason | null
}

export interface SendHistoriesTable {
  user_id: string
  cap_count: Generated<number | null>
  cap_days: Generated<number | null>
  /** What was sent before the account's first cap is noted. */
  ready: Generated<boolean>
  fill_campaign: Generated<string>
  fill_recipient: Generated<number>
}

export interface ContactSendsTable {
  user_id: string
  phone: string
  campaign_id: string
  recipient_id: number
  sent_at: Date
}

export interface RecipientTables {
  send_histories: SendHistoriesTable
  contact_sends: ContactSendsTable
  campaign_sources: CampaignSourcesTable
  campaign_typed_recipients: CampaignTypedRecipientsTable
  campaign_contacts: CampaignContactsTable
  campaign_counts: CampaignCountsTable
  campaign_failure_counts: CampaignFailureCountsTable
  campaign_contact_steps: CampaignContactStepsTable
  campaign_error_logs: CampaignErrorLogsTable
}
