import { DEFAULT_TIME_ZONE } from '#contract/campaigns.ts'
import { MAX_OVERVIEW_CAMPAIGNS, type Overview, type PausedCampaign, type RunningCampaign } from '#contract/overview.ts'
import { openOf, type CampaignStatus } from '#contract/states.ts'
import { toSummary } from '#server/campaigns/campaignAnswers.ts'
import { listFirstCampaigns, type CampaignListRow } from '#server/campaigns/campaignQueries.ts'
import { isKnownTimeZone, listChannelLimits, type ChannelLimits } from '#server/channels/channelCap.ts'
import { listChannels } from '#server/channels/channelQueries.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import { isArmed } from '#server/db/arming.ts'
import type { Db } from '#server/db/Database.ts'
import { databaseNow, estimateSecondsRemaining, runningMsOf } from '#server/dispatch/getEnhancedProgress.ts'
import { AppError } from '#server/lib/AppError.ts'
import { countToday, type ChannelToday } from './reportQueries.ts'

const FEW = 5
const FINISHED: CampaignStatus[] = ['completed', 'cancelled', 'failed']

/** What an account wants to know first, from rows that are there: no gateway is asked. */
export class OverviewReader {
  readonly #db: Db

  constructor({ db }: { db: Db }) {
    this.#db = db
  }

  /** Throws UNPROCESSABLE for a zone that the database, whose clock decides, does not know. */
  async read(userId: string, timeZone: string = DEFAULT_TIME_ZONE): Promise<Overview> {
    const db = this.#db
    if (timeZone !== DEFAULT_TIME_ZONE && !(await isKnownTimeZone(db, timeZone))) throw unknownZone()
    const first = (statuses: CampaignStatus[], limit: number) => listFirstCampaigns(db, userId, { statuses, limit })
    const [running, scheduled, paused, finished, channels, today, armed, now] = await Promise.all([
      first(['running'], MAX_OVERVIEW_CAMPAIGNS),
      first(['scheduled'], FEW),
      first(['paused'], MAX_OVERVIEW_CAMPAIGNS),
      first(FINISHED, FEW),
      listChannels(db, userId),
      countToday(db, userId, timeZone),
      isArmed(db),
      databaseNow(db),
    ])
    const limits = await listChannelLimits(db, userId, [...new Set(running.map((row) => row.channel_id))])
    return {
      running: running.map((row) => toRunning(row, limits.get(row.channel_id), now)),
      scheduled: scheduled.map(toSummary),
      paused: paused.map(toPaused),
      channels: channels.map((row) => toChannel(row, today)),
      today: {
        sent: sumOf(today, 'sent'),
        delivered: sumOf(today, 'delivered'),
        read: sumOf(today, 'read'),
        failed: sumOf(today, 'failed'),
      },
      lastFinished: finished.map(toSummary),
      armed,
      at: now.toISOString(),
    }
  }
}

function toRunning(row: CampaignListRow, limits: ChannelLimits | undefined, now: Date): RunningCampaign {
  const seconds = estimateSecondsRemaining(row, row.counts, runningMsOf(row, now), now, limits)
  return { ...toSummary(row), estimatedSecondsRemaining: seconds }
}

function toPaused(row: CampaignListRow): PausedCampaign {
  return {
    ...toSummary(row),
    pauseReason: row.pause_reason ?? 'user',
    since: (row.paused_at ?? row.created_at).toISOString(),
    waiting: openOf(row.counts),
  }
}

function toChannel(row: ChannelRow, today: ChannelToday[]): Overview['channels'][number] {
  return {
    id: row.id,
    name: row.name,
    gateway: row.gateway,
    status: row.status,
    checkedAt: row.status_checked_at?.toISOString() ?? null,
    sentToday: today.find(({ channelId }) => channelId === row.id)?.sent ?? 0,
    dailyCap: row.daily_cap,
  }
}

function sumOf(today: ChannelToday[], what: 'sent' | 'delivered' | 'read' | 'failed'): number {
  return today.reduce((sum, row) => sum + row[what], 0)
}

function unknownZone(): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field: 'timeZone', message: 'There is no such time zone.' }] })
}
