import type { CampaignSummary } from '#contract/campaigns.ts'
import type { Overview } from '#contract/overview.ts'
import type { CampaignReport } from '#contract/reports.ts'
import { buildStats, uuid } from './builders.ts'

const AT = '2026-11-22T12:00:00.000Z'

export function buildSummary(overrides: Partial<CampaignSummary> = {}): CampaignSummary {
  return {
    id: uuid(1),
    name: 'Fornada',
    channelId: uuid(10),
    channelName: 'Loja',
    status: 'completed',
    pauseReason: null,
    preparing: false,
    startRequested: false,
    stats: buildStats({ sent: 8, failed: 2 }),
    scheduledAt: null,
    timeZone: 'America/Sao_Paulo',
    createdAt: AT,
    startedAt: AT,
    finishedAt: null,
    ...overrides,
  }
}

export function buildOverview(overrides: Partial<Overview> = {}): Overview {
  return {
    running: [],
    scheduled: [],
    paused: [],
    channels: [
      { id: uuid(10), name: 'Loja', gateway: 'wuzapi', status: 'ready', checkedAt: AT, sentToday: 12, dailyCap: 100 },
    ],
    today: { sent: 0, delivered: 0, read: 0, failed: 0 },
    lastFinished: [],
    armed: true,
    at: AT,
    ...overrides,
  }
}

export function buildReport(overrides: Partial<CampaignReport> = {}): CampaignReport {
  const stats = buildStats({ read: 5, delivered: 2, sent: 1, failed: 2 })
  return {
    campaignId: uuid(1),
    name: 'Fornada',
    channelName: 'Loja',
    status: 'completed',
    startedAt: AT,
    finishedAt: '2026-11-22T12:10:00.000Z',
    runningSeconds: 600,
    stats,
    accepted: 8,
    successRate: 0.8,
    averageSpeed: 0.8,
    bySkipReason: [],
    byError: [{ category: 'INVALID_NUMBER', code: 'NOT_ON_WHATSAPP', count: 2, retryable: false }],
    overTime: {
      bucketSeconds: 300,
      points: [
        { at: AT, sent: 5, delivered: 4, read: 2, failed: 1 },
        { at: '2026-11-22T12:05:00.000Z', sent: 3, delivered: 3, read: 3, failed: 1 },
      ],
    },
    ...overrides,
  }
}
