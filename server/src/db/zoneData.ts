import { sql } from 'kysely'
import { Temporal } from 'temporal-polyfill'
import type { Db } from './Database.ts'

/** Zone data of both sides: Node resolves schedules and windows, PostgreSQL is what people ask with SQL. */
export type ZoneData = { node: string; postgres: string; disagreeing: string[] }

/**
 * What releases of the zone data changed, newest first (news of tz, iana.org/time-zones). PostgreSQL does not tell its
 * release; which of these it knows does.
 */
const CHANGES = [
  { release: '2025b', zone: 'America/Coyhaique', at: '2025-07-01T12:00:00Z', offsetMinutes: -180 },
  { release: '2025a', zone: 'America/Asuncion', at: '2025-07-01T12:00:00Z', offsetMinutes: -180 },
  { release: '2024a', zone: 'Asia/Almaty', at: '2024-07-01T12:00:00Z', offsetMinutes: 300 },
  { release: '2022f', zone: 'America/Chihuahua', at: '2023-07-01T12:00:00Z', offsetMinutes: -360 },
]

/** Which zone data Node and the database have, and the zones above on which they differ. */
export async function describeZoneData(db: Db): Promise<ZoneData> {
  const disagreeing: string[] = []
  let postgres: string | null = null
  for (const { release, zone, at, offsetMinutes } of CHANGES) {
    const offset = await postgresOffset(db, zone, at)
    if (offset !== nodeOffset(zone, at)) disagreeing.push(zone)
    if (offset === offsetMinutes) postgres ??= `${release} or newer`
  }
  return { node: process.versions['tz'] ?? 'unknown', postgres: postgres ?? 'older than 2022f', disagreeing }
}

/** In minutes east of UTC; null where the zone is not known. */
async function postgresOffset(db: Db, zone: string, at: string): Promise<number | null> {
  const minutes = sql<number>`(extract(epoch from (${at}::timestamptz at time zone ${zone})
    - (${at}::timestamptz at time zone 'UTC')) / 60)::int`
  try {
    const { rows } = await sql<{ minutes: number }>`select ${minutes} as minutes`.execute(db)
    return rows[0]?.minutes ?? null
  } catch (error) {
    if ((error as { code?: unknown }).code === '22023') return null
    throw error
  }
}

function nodeOffset(zone: string, at: string): number | null {
  try {
    return Temporal.Instant.from(at).toZonedDateTimeISO(zone).offsetNanoseconds / 60e9
  } catch {
    return null
  }
}
