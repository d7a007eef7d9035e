import type { CampaignDetails } from '#contract/campaigns.ts'
import { createUser, refusal, sandboxChannel, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'

const UNPROCESSABLE = 422

/** The next change of the clocks after `from` in New York, forward (`month` 3) or back (11): second or first Sunday, 02:00. */
function changeDay(year: number, month: 3 | 11): string {
  const first = new Date(Date.UTC(year, month - 1, 1)).getUTCDay()
  const firstSunday = 1 + ((7 - first) % 7)
  return `${year}-${String(month).padStart(2, '0')}-${String(month === 3 ? firstSunday + 7 : firstSunday).padStart(2, '0')}`
}

/**
 * Wall times that a clock change skips are refused, of those that it repeats the first counts, and what the API
 * answers is what the database holds and what PostgreSQL makes of the same zone.
 */
export async function clockGap(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const channel = await sandboxChannel(site)
  const year = new Date().getUTCFullYear() + 1
  const [spring, autumn] = [changeDay(year, 3), changeDay(year, 11)]
  const timeZone = 'America/New_York'
  const schedule = (scheduledAt: string) =>
    startCampaign(site, channel, site.gateway, 1, { start: false, scheduledAt, timeZone })
  for (const skipped of ['2026-03-08T02:30', `${spring}T02:00`, `${spring}T02:30`, `${spring}T02:59`]) {
    const status = await refusal(schedule(skipped))
    check(status === UNPROCESSABLE, `${skipped}, which does not exist, was answered with ${status}.`)
  }
  const expected: [string, string][] = [
    [`${spring}T01:59`, `${spring}T06:59:00.000Z`],
    [`${spring}T03:00`, `${spring}T07:00:00.000Z`],
    // Twice on that night: the first counts.
    [`${autumn}T01:30`, `${autumn}T05:30:00.000Z`],
    [`${autumn}T02:00`, `${autumn}T07:00:00.000Z`],
    [`${autumn}T01:30:00-05:00`, `${autumn}T06:30:00.000Z`],
  ]
  for (const [wallTime, instant] of expected) await checkSchedule(site, await schedule(wallTime), wallTime, instant)
  return { 'skipped times refused': 4, 'times that all agree on': expected.length }
}

async function checkSchedule(site: Site, { id }: ObservedCampaign, asked: string, instant: string): Promise<void> {
  const { scheduledAt, timeZone } = await site.api.get<CampaignDetails>(`/api/user/bulk-campaigns/${id}`)
  check(
    scheduledAt === instant && timeZone === 'America/New_York',
    `${asked} is shown as ${scheduledAt} in ${timeZone}.`,
  )
  const [row] = await site.query<{ at: Date; wall: string; offset: string; seen: string }>(
    `select scheduled_at as at, scheduled_wall_time as wall, scheduled_offset as offset,
      to_char(scheduled_at at time zone time_zone, 'YYYY-MM-DD"T"HH24:MI') as seen from campaigns where id = $1`,
    [id],
  )
  check(row?.at.toISOString() === instant, `${asked} is stored as ${row?.at.toISOString()}.`)
  check(row.wall === row.seen, `${asked} is ${row.wall} to us and ${row.seen} to PostgreSQL.`)
  check(
    new Date(`${row.wall}:00${row.offset}`).toISOString() === instant,
    `${asked} is stored with the offset ${row.offset}.`,
  )
}
