import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createUser, refusal, sandboxChannel, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { Site } from '../lab/Site.ts'

const UNPROCESSABLE = 422
/** Zones whose rules changed lately: the first without changes of the clock since 2019, the second since October 2024. */
const FIXED = ['America/Sao_Paulo', 'America/Asuncion']
const FIXED_OFFSET_MINUTES = -180
/** Places where Node and PostgreSQL, of different ages, may know different rules. */
const MOST_DIFFERING = 6

/** Node and PostgreSQL agree about the zones, both say at the start how old their knowledge is, and no other zone exists. */
export async function zoneData(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const { node, postgres } = loggedData(site)
  check(node === process.versions['tz'], `The log says ${node} of Node, which has ${process.versions['tz']}.`)
  const channel = await sandboxChannel(site)
  for (const timeZone of ['America/Sao_Paolo', 'Mars/Olympus']) {
    const status = await refusal(startCampaign(site, channel, site.gateway, 1, { start: false, timeZone }))
    check(status === UNPROCESSABLE, `The zone ${timeZone} was answered with ${status}.`)
  }
  const zones = Intl.supportedValuesOf('timeZone')
  const instants = monthsAhead(lab.rounds(36, 24))
  const differing = await differingZones(site, zones, instants)
  for (const zone of FIXED) {
    check(!differing.includes(zone), `Node and PostgreSQL differ on ${zone}.`)
    const offsets = new Set(instants.map((at) => offsetOf(zone, at)))
    check(offsets.size === 1 && offsets.has(FIXED_OFFSET_MINUTES), `${zone} is at ${[...offsets].join(', ')} minutes.`)
  }
  check(
    differing.length <= MOST_DIFFERING,
    `Node and PostgreSQL differ on ${differing.length} zones: ${differing.slice(0, 10).join(', ')}.`,
  )
  return {
    "Node's zone data": node,
    "PostgreSQL's zone data": postgres,
    'zones compared': zones.length,
    'zones that differ': differing.join(', ') || 'none',
  }
}

function loggedData(site: Site): { node: string; postgres: string } {
  const lines = readFileSync(join(site.directory, 'servers.log'), 'utf8').split('\n')
  const line = lines.find((text) => text.includes('"msg":"time zone data"'))
  check(line !== undefined, 'The zone data are not in the log.')
  return JSON.parse(line.slice(line.indexOf('{'))) as { node: string; postgres: string }
}

/** One instant in each month to come. */
function monthsAhead(count: number): Date[] {
  const now = new Date()
  return Array.from(
    { length: count },
    (_, index) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index, 15, 12)),
  )
}

/** Zones that PostgreSQL knows at all, and on which it is of another opinion at one of the instants. */
async function differingZones(site: Site, zones: string[], instants: Date[]): Promise<string[]> {
  const rows = await site.query<{ zone: string; offsets: number[] }>(
    `select z.name as zone, array_agg((extract(epoch from (i.at at time zone z.name) - (i.at at time zone 'UTC')) / 60)::int order by i.at) as offsets
    from (select name from pg_timezone_names where name = any($1::text[])) z cross join unnest($2::timestamptz[]) as i(at)
    group by z.name`,
    [zones, instants],
  )
  check(rows.length > zones.length / 2, `PostgreSQL knows ${rows.length} of Node's ${zones.length} zones.`)
  return rows
    .filter(({ zone, offsets }) => instants.some((at, index) => offsetOf(zone, at) !== offsets[index]))
    .map(({ zone }) => zone)
}

/** By Node's own data, in minutes east of UTC. */
function offsetOf(timeZone: string, at: Date): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)/.exec(name) ?? []
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
}
