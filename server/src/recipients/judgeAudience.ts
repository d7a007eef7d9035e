import { sql } from 'kysely'
import { EXCLUDED, RECENTLY_WRITTEN } from '#contract/frequencyCap.ts'
import type { PreflightLine } from '#contract/preflight.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import type { Db } from '#server/db/Database.ts'
import { isKnownMissing } from '#server/phone/isKnownMissing.ts'
import { lackedOf, type NeededVariables } from './lackingVariables.ts'
import { reasonToLeaveOut, type LeaveOut } from './leaveOut.ts'

/** Whom a campaign would be made of, before it is made. */
export type Audience = {
  userId: string
  /** People typed, each once, with how often. */
  typed: TypedPerson[]
  importIds: string[]
  labelIds: string[]
  leaveOut: LeaveOut
  needed: NeededVariables
}

export type TypedPerson = {
  position: number
  phone: string
  name: string | null
  variables: Record<string, string>
  times: number
}

/** One person and what would become of them; `leftOut` is null for whom it would write to. */
export type JudgedPerson = {
  /** Place to go on after: of the typed their position, of the others the id of the contact. */
  key: number
  contactId: number | null
  phone: string
  name: string | null
  variables: Record<string, string>
  times: number
  leftOut: string | null
  notOnWhatsapp: boolean
  lacking: string[]
}

export type ListedCounts = {
  /** Places in imports and lists; one person can have several. */
  listed: number
  /** People who were not typed, too. */
  people: number
  suppressed: number
  excluded: number
  recentlyWritten: number
  notOnWhatsapp: number
  lackingVariables: number
}

export type WantedPeople = Exclude<PreflightLine, 'invalid'>

/** Contacts in one statement: some 200 ms, whatever the size of the audience. */
const CHUNK = 20_000
const BEYOND_ALL_IDS = '9223372036854775807'

/** Everybody typed, judged: at most what one request can bring. */
export async function judgeTyped(db: Db, audience: Audience): Promise<JudgedPerson[]> {
  if (audience.typed.length === 0) return []
  const { userId, leaveOut, needed } = audience
  const { rows } = await sql<JudgedPerson>`
    select t.position as key, null::bigint as "contactId", t.phone, t.name, t.variables,
      t.times + coalesce(listed.times, 0) as times, ${reasonToLeaveOut(userId, null, sql`t.phone`, leaveOut)} as "leftOut",
      ${isKnownMissing(userId, sql`t.phone`)} as "notOnWhatsapp", ${lackedOf(needed)} as lacking
    from jsonb_to_recordset(${JSON.stringify(audience.typed)}::jsonb)
      as t(position bigint, phone text, name text, variables jsonb, times bigint)
    left join lateral (
      select (
        select count(*) from unnest(${audience.importIds}::uuid[]) as named(id) join import_contacts m
          on m.user_id = ${userId} and m.import_id = named.id and m.contact_id = c.id
      ) + (
        select count(*) from unnest(${audience.labelIds}::uuid[]) as named(id) join contact_label_members m
          on m.user_id = ${userId} and m.label_id = named.id and m.contact_id = c.id
      ) as times
      from contacts c where c.user_id = ${userId} and c.phone = t.phone limit 1
    ) listed on true
    order by t.position
  `.execute(db)
  return rows
}

/** Counts the people of imports and lists, stretch by stretch, in the database. */
export async function countListed(db: Db, audience: Audience): Promise<ListedCounts> {
  const sum = {
    listed: 0,
    people: 0,
    suppressed: 0,
    excluded: 0,
    recentlyWritten: 0,
    notOnWhatsapp: 0,
    lackingVariables: 0,
  }
  for (let after: number | null = 0; after !== null;) {
    const result: { rows: (ListedCounts & { last: number | null })[] } = await sql<
      ListedCounts & { last: number | null }
    >`
      with ${stretch(audience, after)}
      select coalesce(sum(times), 0)::bigint as listed, count(*) filter (where not is_typed) as people,
        count(*) filter (where left_out = ${SUPPRESSED} and not is_typed) as suppressed,
        count(*) filter (where left_out = ${EXCLUDED} and not is_typed) as excluded,
        count(*) filter (where left_out = ${RECENTLY_WRITTEN} and not is_typed) as "recentlyWritten",
        count(*) filter (where left_out is null and not_on_whatsapp and not is_typed) as "notOnWhatsapp",
        count(*) filter (where left_out is null and lacking <> '{}' and not is_typed) as "lackingVariables",
        (select last from bound) as last
      from judged
    `.execute(db)
    const row: (ListedCounts & { last: number | null }) | undefined = result.rows[0]
    if (row === undefined) throw new Error('An aggregate without a row.')
    for (const field of Object.keys(sum) as (keyof ListedCounts)[]) sum[field] += row[field]
    after = row.last
  }
  return sum
}

/** The next `limit` of the people of imports and lists in a line, in the order of their ids; typed ones are left out. */
export async function findListed(
  db: Db,
  audience: Audience,
  wanted: WantedPeople,
  options: { after: number; limit: number },
): Promise<JudgedPerson[]> {
  const found: JudgedPerson[] = []
  for (let after: number | null = options.after; after !== null && found.length < options.limit;) {
    const { rows } = await sql<{ people: JudgedPerson[]; last: number | null }>`
      with ${stretch(audience, after)},
      chosen as (
        select key, key as "contactId", phone, name, variables, times, left_out as "leftOut",
          not_on_whatsapp as "notOnWhatsapp", lacking
        from judged
        where not is_typed and ${isWanted(wanted)} order by key limit ${options.limit - found.length}
      )
      select coalesce((select jsonb_agg(to_jsonb(chosen) order by key) from chosen), '[]') as people,
        (select last from bound) as last
    `.execute(db)
    found.push(...(rows[0]?.people ?? []))
    after = rows[0]?.last ?? null
  }
  return found
}

/** Whether a person judged is in the line. */
export function isInLine({ leftOut, times, notOnWhatsapp, lacking }: JudgedPerson, wanted: WantedPeople): boolean {
  if (wanted === 'valid') return leftOut === null
  if (wanted === 'duplicate') return times > 1
  if (wanted === 'notOnWhatsapp') return leftOut === null && notOnWhatsapp
  if (wanted === 'lackingVariables') return leftOut === null && lacking.length > 0
  return leftOut === REASONS[wanted]
}

const REASONS = { suppressed: SUPPRESSED, excluded: EXCLUDED, recentlyWritten: RECENTLY_WRITTEN } as const

function isWanted(wanted: WantedPeople) {
  if (wanted === 'valid') return sql<boolean>`left_out is null`
  if (wanted === 'duplicate') return sql<boolean>`times > 1`
  if (wanted === 'notOnWhatsapp') return sql<boolean>`left_out is null and not_on_whatsapp`
  if (wanted === 'lackingVariables') return sql<boolean>`left_out is null and lacking <> '{}'`
  return sql<boolean>`left_out = ${REASONS[wanted]}`
}

/**
 * CTEs for the contacts after `after`: `bound.last` is how far all sources have been read (null: to their end), `judged`
 * has a row for each contact up to there. Contacts are looked up one by one, in the index; without statistics a join
 * would be planned as a scan of all.
 */
function stretch({ userId, typed, importIds, labelIds, leaveOut, needed }: Audience, after: number) {
  const phones = typed.map(({ phone }) => phone)
  return sql`
    read as materialized (
      select s.n, r.contact_id from unnest(${importIds}::uuid[]) with ordinality as s(id, n) cross join lateral (
        select m.contact_id from import_contacts m
        where m.user_id = ${userId} and m.import_id = s.id and m.contact_id > ${after}
        order by m.contact_id limit ${CHUNK}
      ) r
      union all
      select -s.n, r.contact_id from unnest(${labelIds}::uuid[]) with ordinality as s(id, n) cross join lateral (
        select m.contact_id from contact_label_members m
        where m.user_id = ${userId} and m.label_id = s.id and m.contact_id > ${after}
        order by m.contact_id limit ${CHUNK}
      ) r
    ),
    bound as materialized (
      select min(last) as last from (
        select max(contact_id) as last from read group by n having count(*) = ${CHUNK}
      ) full_ones
    ),
    listed as materialized (
      select contact_id, count(*) as times from read
      where contact_id <= coalesce((select last from bound), ${BEYOND_ALL_IDS}::bigint) group by contact_id
    ),
    judged as materialized (
      select l.contact_id as key, l.times, p.phone, p.name, p.variables,
        p.phone = any(${phones}::text[]) as is_typed,
        ${reasonToLeaveOut(userId, null, sql`p.phone`, leaveOut)} as left_out,
        ${isKnownMissing(userId, sql`p.phone`)} as not_on_whatsapp, ${lackedOf(needed)} as lacking
      from listed l cross join lateral (
        select c.phone, c.name, c.variables from contacts c
        where c.user_id = ${userId} and c.id = l.contact_id limit 1
      ) p
    )`
}
