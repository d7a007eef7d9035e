import { sql } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import type { RejectReason } from '#contract/imports.ts'
import { EXCLUDED, RECENTLY_WRITTEN } from '#contract/frequencyCap.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { tryWithin } from '#server/db/transaction.ts'
import { ERASED_PREFIX } from '#server/suppressions/isSuppressed.ts'
import { lockToStorePeople } from '#server/suppressions/personLock.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { lacksOneOf, type NeededVariables } from './lackingVariables.ts'
import { reasonToLeaveOut, type LeaveOut } from './leaveOut.ts'

/**
 * Where recipients come from: `typed` into the request, the people of a finished `import` or in a `label` (a group or a
 * tag), or those whom an ended campaign left `unreached`: failed for one of the categories, or unknown.
 */
export type AudienceSource =
  | { kind: 'typed' }
  | { kind: 'import'; importId: string }
  | { kind: 'label'; labelId: string }
  | { kind: 'unreached'; campaignId: string; categories: FailureCategory[]; includesUnknown: boolean }

export type TypedEntry =
  | { phone: string; name: string | null; variables: Record<string, string> }
  | { input: string; reason: RejectReason }

export type ExpandedChunk = {
  /** People looked at; 0 means that the source is exhausted. */
  seen: number
  /** Of these, new recipients of this campaign; the others were in it already. */
  inserted: number
  /** Of these, people who are left out: they are in the books as skipped. */
  suppressed: number
  excluded: number
  recentlyWritten: number
  /** Of those who are written to, people without something that a text speaks of. */
  lackingVariables: number
  /** Key to go on after. */
  lastKey: number
}

const UNIQUE_VIOLATION = '23505'

type ChunkOptions = {
  userId: string
  campaignId: string
  /** Number of the next recipient. A chunk uses up `seen` numbers; gaps are fine. */
  nextRecipient: number
  afterKey: number
  limit: number
  /** Whether nobody of another source is in the campaign yet. */
  isFirstSource: boolean
  /** Null keeps the order of the source; a seed shuffles, the same way after every restart. */
  orderSeed: number | null
  leaveOut: LeaveOut
  needed: NeededVariables
}

/** Of people who were erased nothing is kept, not even what was typed. */
export async function refuseErased(
  db: Db | Trx,
  suppressions: SuppressionList,
  userId: string,
  typed: TypedEntry[],
): Promise<TypedEntry[]> {
  const phones = typed.flatMap((entry) => ('phone' in entry ? [entry.phone] : []))
  const erased = await suppressions.findErased(db, userId, phones)
  if (erased.size === 0) return typed
  return typed.map((entry) => ('phone' in entry && erased.has(entry.phone) ? { input: '', reason: 'ERASED' } : entry))
}

/** Stores where the audience will come from, before it is expanded. */
export async function storeAudience(
  trx: Trx,
  suppressions: SuppressionList,
  userId: string,
  campaignId: string,
  sources: AudienceSource[],
  typed: TypedEntry[],
): Promise<void> {
  await lockToStorePeople(trx, userId)
  await trx
    .insertInto('campaign_sources')
    .values(
      sources.map((source, position) => ({
        user_id: userId,
        campaign_id: campaignId,
        position,
        kind: source.kind,
        import_id: source.kind === 'import' ? source.importId : null,
        ...(source.kind === 'label' ? { label_id: source.labelId } : {}),
        ...(source.kind === 'unreached'
          ? {
              from_campaign_id: source.campaignId,
              categories: source.categories,
              includes_unknown: source.includesUnknown,
            }
          : {}),
      })),
    )
    .execute()
  // Once more: somebody may have been erased while the request was judged.
  const kept = await refuseErased(trx, suppressions, userId, typed)
  const entries = JSON.stringify(kept.map((entry, index) => ({ position: index + 1, ...entry })))
  await sql`
    insert into campaign_typed_recipients (user_id, campaign_id, position, phone, name, variables, input, reason)
    select ${userId}, ${campaignId}, position, phone, name, coalesce(variables, '{}'), input, reason
    from jsonb_to_recordset(${entries}::jsonb)
      as e(position bigint, phone text, name text, variables jsonb, input text, reason text)
  `.execute(trx)
  await trx.insertInto('campaign_counts').values({ user_id: userId, campaign_id: campaignId }).execute()
}

/** Gives a campaign the sources of another one, to be expanded anew. */
export async function copyAudience(trx: Trx, userId: string, fromId: string, toId: string): Promise<void> {
  await lockToStorePeople(trx, userId)
  await sql`
    insert into campaign_sources
      (user_id, campaign_id, position, kind, import_id, label_id, from_campaign_id, categories, includes_unknown)
    select user_id, ${toId}, position, kind, import_id, label_id, from_campaign_id, categories, includes_unknown
    from campaign_sources where user_id = ${userId} and campaign_id = ${fromId}
  `.execute(trx)
  await sql`
    insert into campaign_typed_recipients (user_id, campaign_id, position, phone, name, variables, input, reason)
    select user_id, ${toId}, position, phone, name, variables, input, reason
    from campaign_typed_recipients where user_id = ${userId} and campaign_id = ${fromId}
  `.execute(trx)
  await trx.insertInto('campaign_counts').values({ user_id: userId, campaign_id: toId }).execute()
}

/** The source at `position`; null after the last. */
export async function findSource(
  trx: Trx,
  userId: string,
  campaignId: string,
  position: number,
): Promise<AudienceSource | null> {
  const row = await trx
    .selectFrom('campaign_sources')
    .select(['kind', 'import_id', 'label_id', 'from_campaign_id', 'categories', 'includes_unknown'])
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .where('position', '=', position)
    .executeTakeFirst()
  if (row === undefined) return null
  if (row.kind === 'typed') return { kind: 'typed' }
  if (row.kind === 'import') return { kind: 'import', importId: row.import_id ?? '' }
  if (row.kind === 'label') return { kind: 'label', labelId: row.label_id ?? '' }
  return {
    kind: 'unreached',
    campaignId: row.from_campaign_id ?? '',
    categories: row.categories ?? [],
    includesUnknown: row.includes_unknown,
  }
}

/**
 * Turns the next people of a source into recipients: one statement, in the database, counters included. The variables
 * are copied, so that editing a contact later does not change what a running campaign says. A phone that is in the
 * campaign already is left out (`seen` − `inserted` are duplicates). Who is suppressed, excluded or was written to lately
 * is in the books as `skipped`, and so is who was erased from the campaign that is tried again.
 */
export async function expandChunk(trx: Trx, source: AudienceSource, options: ChunkOptions): Promise<ExpandedChunk> {
  await lockToStorePeople(trx, options.userId)
  if (!options.isFirstSource || source.kind === 'typed') return insertPeople(trx, source, options, 'skipRepeated')
  // The people of one list differ, and not looking for repetitions saves a tenth of the work. Only somebody who was
  // deleted and added again while the list is read comes twice.
  const made: ExpandedChunk[] = []
  const error = await tryWithin(trx, async () => {
    made.push(await insertPeople(trx, source, options, 'allDiffer'))
  })
  const [chunk] = made
  if (chunk !== undefined) return chunk
  if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error
  return insertPeople(trx, source, options, 'skipRepeated')
}

async function insertPeople(
  trx: Trx,
  source: AudienceSource,
  options: ChunkOptions,
  repetition: 'skipRepeated' | 'allDiffer',
): Promise<ExpandedChunk> {
  const order = options.orderSeed === null ? sql`number` : sql`hashint8extended(number, ${options.orderSeed}) >> 11`
  const onRepetition = repetition === 'allDiffer' ? sql`` : sql`on conflict (user_id, campaign_id, phone) do nothing`
  const leftOut = reasonToLeaveOut(options.userId, options.campaignId, sql`p.phone`, options.leaveOut)
  const { rows } = await sql<ExpandedChunk>`
    with people as materialized (
      select key, contact_id, phone, name, variables, ${leftOut} as left_out,
        ${options.nextRecipient}::bigint + row_number() over (order by key) - 1 as number
      from (${peopleOf(source, options)}) p
    ),
    inserted as (
      insert into campaign_contacts
        (user_id, campaign_id, id, contact_id, status, error_code, processing_order, phone, name, variables)
      select ${options.userId}, ${options.campaignId}, number, contact_id,
        case when left_out is null then 'pending' else 'skipped' end, left_out, ${order},
        case when phone like ${`${ERASED_PREFIX}%`} then ${ERASED_PREFIX} || number else phone end, name, variables
      from people order by number
      ${onRepetition}
      returning status, error_code, ${lacksOneOf(options.needed)} as lacks
    ),
    summed as (
      select count(*) filter (where status = 'pending') as pending, count(*) as total,
        count(*) filter (where error_code = ${SUPPRESSED}) as suppressed,
        count(*) filter (where error_code = ${EXCLUDED}) as excluded,
        count(*) filter (where error_code = ${RECENTLY_WRITTEN}) as recent,
        count(*) filter (where status = 'pending' and lacks) as lacking
      from inserted
    ),
    counted as (
      update campaign_counts k set pending = k.pending + n.pending, skipped = k.skipped + n.total - n.pending
      from summed n where user_id = ${options.userId} and campaign_id = ${options.campaignId}
    )
    select (select count(*) from people) as seen, n.total as inserted, n.suppressed, n.excluded,
      n.recent as "recentlyWritten", n.lacking as "lackingVariables",
      (select coalesce(max(key), ${options.afterKey}) from people) as "lastKey"
    from summed n
  `.execute(trx)
  const [chunk] = rows
  if (chunk === undefined) throw new Error('An aggregate without a row.')
  return chunk
}

/** Contacts have the bound of their list once more: a merge of the two would begin at the first contact of all. */
function peopleOf(source: AudienceSource, options: ChunkOptions) {
  if (source.kind === 'typed') {
    return sql`
      select position as key, null::bigint as contact_id, phone, name, variables from campaign_typed_recipients
      where user_id = ${options.userId} and campaign_id = ${options.campaignId} and position > ${options.afterKey}
        and phone is not null
      order by position limit ${options.limit}`
  }
  if (source.kind === 'unreached') return unreachedBy(source, options)
  if (source.kind === 'label') {
    return sql`
      select m.contact_id as key, m.contact_id, c.phone, c.name, c.variables
      from contact_label_members m join contacts c on c.user_id = m.user_id and c.id = m.contact_id
      where m.user_id = ${options.userId} and m.label_id = ${source.labelId} and m.contact_id > ${options.afterKey}
        and c.id > ${options.afterKey}
      order by m.contact_id limit ${options.limit}`
  }
  return sql`
    select m.contact_id as key, m.contact_id, c.phone, c.name, c.variables
    from import_contacts m join contacts c on c.user_id = m.user_id and c.id = m.contact_id
    where m.user_id = ${options.userId} and m.import_id = ${source.importId} and m.contact_id > ${options.afterKey}
      and c.id > ${options.afterKey}
    order by m.contact_id limit ${options.limit}`
}

/** One branch a state, each literal, so that both are read in order from the index of rows that are done. */
function unreachedBy(source: AudienceSource & { kind: 'unreached' }, options: ChunkOptions) {
  const people = sql`
    select id as key, contact_id, phone, name, variables from campaign_contacts
    where user_id = ${options.userId} and campaign_id = ${source.campaignId} and id > ${options.afterKey}`
  return sql`
    select * from (
      (${people} and status = 'failed' and error_category = any(${source.categories}::text[])
        order by id limit ${options.limit})
      union all
      (${people} and status = 'unknown' and ${source.includesUnknown} order by id limit ${options.limit})
    ) both_states order by key limit ${options.limit}`
}

/** What was typed and cannot be dialled, in the order typed. */
export async function listRefusals(
  db: Db,
  userId: string,
  campaignId: string,
): Promise<{ input: string; reason: RejectReason }[]> {
  const rows = await db
    .selectFrom('campaign_typed_recipients')
    .select(['input', 'reason'])
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .where('reason', 'is not', null)
    .orderBy('position')
    .execute()
  return rows.flatMap((row) => (row.reason === null ? [] : [{ input: row.input ?? '', reason: row.reason }]))
}
