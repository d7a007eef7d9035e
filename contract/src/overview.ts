import { z } from 'zod'
import { campaignSummary } from './campaigns.ts'
import { CHANNEL_STATUSES, GATEWAYS } from './channels.ts'
import { id, instant } from './common.ts'
import { PAUSE_REASONS } from './states.ts'

/** Running and paused campaigns in one overview; the lists have the others. */
export const MAX_OVERVIEW_CAMPAIGNS = 50

/** `timeZone` says what "today" is; without it that of the installation's default. */
export const overviewQuery = z.strictObject({ timeZone: z.string().min(1).max(60).optional() })

export const runningCampaign = campaignSummary.extend({ estimatedSecondsRemaining: z.number().nullable() })
export type RunningCampaign = z.infer<typeof runningCampaign>

/** Paused campaigns; those that nobody asked to pause come first. `waiting`: people who are still to be decided. */
export const pausedCampaign = campaignSummary.extend({
  pauseReason: z.enum(PAUSE_REASONS),
  since: instant,
  waiting: z.number(),
})
export type PausedCampaign = z.infer<typeof pausedCampaign>

/** As it was last known: no gateway is asked for an overview. `sentToday`: accepted messages since midnight. */
export const overviewChannel = z.object({
  id,
  name: z.string(),
  gateway: z.enum(GATEWAYS),
  status: z.enum(CHANNEL_STATUSES),
  checkedAt: instant.nullable(),
  sentToday: z.number(),
  dailyCap: z.number().nullable(),
})
export type OverviewChannel = z.infer<typeof overviewChannel>

/**
 * `GET /api/user/overview`. `today` counts what happened since midnight: accepted, then known to be delivered, then
 * known to be read; exact to a quarter of an hour for campaigns that run past midnight. `armed`: false in a copy of an
 * installation, which sends nothing until an administrator runs `npm run arm`.
 */
export const overview = z.object({
  running: z.array(runningCampaign).max(MAX_OVERVIEW_CAMPAIGNS),
  scheduled: z.array(campaignSummary).max(5),
  paused: z.array(pausedCampaign).max(MAX_OVERVIEW_CAMPAIGNS),
  channels: z.array(overviewChannel),
  today: z.object({ sent: z.number(), delivered: z.number(), read: z.number(), failed: z.number() }),
  lastFinished: z.array(campaignSummary).max(5),
  armed: z.boolean(),
  at: instant,
})
export type Overview = z.infer<typeof overview>
