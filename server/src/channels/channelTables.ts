import type { ColumnType, Generated, Selectable } from 'kysely'
import type { ChannelStatus, GatewayName, SandboxBehaviour } from '#contract/channels.ts'
import type { PauseReason } from '#contract/states.ts'

type Instant = ColumnType<Date, Date | undefined, Date>
type NullableInstant = ColumnType<Date | null, Date | null | undefined, Date | null>

export type ChannelSettings = { sandbox?: SandboxBehaviour; cloud?: { phoneNumberId: string; wabaId?: string } }

export interface ChannelsTable {
  user_id: string
  id: Generated<string>
  name: string
  gateway: GatewayName
  base_url: string | null
  /** What belongs to one gateway alone. Written as JSON text. */
  settings: ColumnType<ChannelSettings, string | undefined, string>
  token_ciphertext: Buffer
  token_hash: Buffer
  webhook_key_ciphertext: Buffer | null
  webhook_secret_hash: Buffer
  min_delay_ms: Generated<number>
  /** Messages a day of `time_zone`; null is no limit. */
  daily_cap: number | null
  time_zone: Generated<string>
  cap_day: ColumnType<string | null, never, never>
  cap_used: ColumnType<number, never, never>
  status: Generated<ChannelStatus>
  status_checked_at: NullableInstant
  webhook_registered_at: NullableInstant
  next_slot_at: NullableInstant
  back_off_until: NullableInstant
  /** Why single messages wait, and since when. */
  held_reason: PauseReason | null
  held_at: NullableInstant
  /** They go slower until then. */
  slow_until: NullableInstant
  lane_owner: string | null
  lane_epoch: Generated<number>
  lane_acquired_at: NullableInstant
  lane_expires_at: NullableInstant
  created_at: Instant
  deleted_at: NullableInstant
}

export interface ChannelTables {
  channels: ChannelsTable
}

export type ChannelRow = Selectable<ChannelsTable>
