import type { CampaignReport } from '#contract/reports.ts'

export type OverTimeProps = CampaignReport['overTime']

/** The lines of the chart and the columns of its table. */
export const SERIES = [
  { key: 'sent', colour: 'var(--state-sent)', swatch: 'bg-state-sent' },
  { key: 'delivered', colour: 'var(--state-delivered)', swatch: 'bg-state-delivered' },
  { key: 'read', colour: 'var(--state-read)', swatch: 'bg-state-read' },
  { key: 'failed', colour: 'var(--state-failed)', swatch: 'bg-state-failed' },
] as const

/** Whether the points span more than a day, so that the hour alone would not say when. */
export function spansDays({ points }: OverTimeProps): boolean {
  const [first, last] = [points[0], points.at(-1)]
  return first !== undefined && last !== undefined && Date.parse(last.at) - Date.parse(first.at) > 20 * 3_600_000
}
