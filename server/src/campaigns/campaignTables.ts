import type { ColumnType, Generated, Selectable } from 'kysely'
import type { CampaignMessage, SendingWindow, UnknownPolicy } from '#contract/campaigns.ts'
import type { CampaignStatus, PauseReason } from '#contract/states.ts'

type Instant = ColumnType<Date, Date | undefined, Date>
type NullableInstant = ColumnType<Date | null, Date | null | undefined, Date | null>

/** `single`: one message to one person, in no list of campaigns and first on its lane. */
export type CampaignKind = 'campaign' | 'single'

export interface CampaignsTable {
  user_id: string
  id: Generated<string>
  channel_id: string
  kind: Generated<CampaignKind>
  /** Empty for a single message. */
  name: string
  status: Generated<CampaignStatus>
  pause_reason: PauseReason | null
  paused_at: NullableInstant
  message_tag: number
  messages: ColumnType<CampaignMessage[], string, string>
  delay_min_ms: number
  delay_max_ms: number
  randomize_order: boolean
  order_seed: number
  unknown_policy: Generated<UnknownPolicy>
  scheduled_at: NullableInstant
  /** Zone of the schedule and of the window. */
  time_zone: Generated<string>
  /** Zone in which the texts speak of date and time: that of the first start, for good. */
  content_zone: string | null
  /** What was meant by the schedule, as it was said. */
  scheduled_wall_time: string | null
  scheduled_offset: string | null
  sending_window: ColumnType<SendingWindow | null, string | null | undefined, string | null>
  auto_resume: Generated<boolean>
  /** After a resumption by itself the pace is slower until then. */
  slow_until: NullableInstant
  /** Of a single message: its place in the queue of its channel. */
  due_at: NullableInstant
  /** Cancelled, and rows may still be open. */
  closing: Generated<boolean>
  preparing: Generated<boolean>
  start_requested: Generated<boolean>
  prepare_source: Generated<number>
  prepare_after: Generated<number>
  next_recipient: Generated<number>
  chosen: Generated<number>
  duplicates: Generated<number>
  invalid: Generated<number>
  /** Of those chosen, people who are left out, in the books as skipped. */
  suppressed: Generated<number>
  excluded: Generated<number>
  recently_written: Generated<number>
  /** Among those to be written to. */
  lacking_variables: Generated<number>
  exclude_campaign_ids: Generated<string[]>
  cap_count: Generated<number | null>
  cap_days: Generated<number | null>
  processing_lock: string | null
  lock_acquired_at: NullableInstant
  lock_renewed_at: NullableInstant
  lock_expires_at: NullableInstant
  lock_epoch: Generated<number>
  created_at: Instant
  started_at: NullableInstant
  finished_at: NullableInstant
  running_ms: Generated<number>
  running_since: NullableInstant
  deleted_at: NullableInstant
  /** The campaign whose failed recipients this one tries again. */
  retry_of: Generated<string | null>
}

export interface CampaignDraftsTable {
  user_id: string
  id: string
  name: string
  /** JSON. */
  data: string
  revision: number
  created_at: Instant
  updated_at: Instant
}

export interface CampaignTables {
  campaigns: CampaignsTable
  campaign_drafts: CampaignDraftsTable
}

export type CampaignRow = Selectable<CampaignsTable>
