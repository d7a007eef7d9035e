import { DEFAULT_TIME_ZONE, MIN_DELAY_S, type CampaignConfigBody, type SendingWindow } from '#contract/campaigns.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import { AppError } from '#server/lib/AppError.ts'
import { isTimeZone } from '#server/lib/isTimeZone.ts'
import type { CampaignRow } from './campaignTables.ts'
import { resolveSchedule } from './resolveSchedule.ts'

/** Columns that say when a campaign starts and when it may send. */
export type TimeColumns = {
  time_zone: string
  scheduled_at: Date | null
  scheduled_wall_time: string | null
  scheduled_offset: string | null
  /** As JSON text. */
  sending_window: string | null
}

type TimeBody = { scheduledAt?: string | null; timeZone?: string; sendingWindow?: SendingWindow | null }

/** Resolves schedule and window once, by the zone named. Throws UNPROCESSABLE that names the field. */
export function timeColumnsOf(body: TimeBody, now: Date): TimeColumns {
  const timeZone = body.timeZone ?? DEFAULT_TIME_ZONE
  if (!isTimeZone(timeZone)) {
    throw new AppError('UNPROCESSABLE', { details: [{ field: 'timeZone', message: 'There is no such time zone.' }] })
  }
  const schedule = body.scheduledAt == null ? null : resolveSchedule(body.scheduledAt, timeZone, now)
  return {
    time_zone: timeZone,
    scheduled_at: schedule?.instant ?? null,
    scheduled_wall_time: schedule?.wallTime ?? null,
    scheduled_offset: schedule?.offset ?? null,
    sending_window: body.sendingWindow == null ? null : JSON.stringify(body.sendingWindow),
  }
}

/** The columns that a change of settings writes; a schedule is resolved anew only when it is named. */
export function configColumnsOf(campaign: CampaignRow, body: CampaignConfigBody, now: Date) {
  const timeZone = body.timeZone ?? campaign.time_zone
  const window = body.sendingWindow === undefined ? campaign.sending_window : body.sendingWindow
  const { sending_window, time_zone, ...schedule } = timeColumnsOf(
    { timeZone, sendingWindow: window, ...(body.scheduledAt === undefined ? {} : { scheduledAt: body.scheduledAt }) },
    now,
  )
  return {
    time_zone,
    sending_window,
    ...(body.scheduledAt === undefined ? {} : schedule),
    delay_min_ms: body.delayMin === undefined ? campaign.delay_min_ms : toMs(body.delayMin),
    delay_max_ms: body.delayMax === undefined ? campaign.delay_max_ms : toMs(body.delayMax),
    auto_resume: body.autoResume ?? campaign.auto_resume,
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.messages === undefined ? {} : { messages: JSON.stringify(body.messages) }),
  }
}

export function toMs(seconds: number): number {
  return Math.round(seconds * 1000)
}

/** No pause at all only where the gateway paces itself; the longest never below the shortest. */
export function checkPace(channel: Pick<ChannelRow, 'gateway'>, minMs: number, maxMs: number): void {
  if (maxMs < minMs) throw refuse('delayMax', 'delayMax is below delayMin.')
  if (channel.gateway !== 'wuzapi' || minMs >= toMs(MIN_DELAY_S)) return
  throw refuse('delayMin', `On this channel the pause is at least ${MIN_DELAY_S} seconds.`)
}

function refuse(field: string, message: string): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field, message }] })
}
