import { sql } from 'kysely'
import { integerArray, textArray } from '#server/db/binaryArrays.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import { retryOnConflict, transaction, tryWithin } from '#server/db/transaction.ts'
import { lockToStorePeople } from '#server/suppressions/personLock.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import type { ImportHold } from './importLeases.ts'
import type { PreparedPerson, PreparedRows, Rejection, Warning } from './prepareRows.ts'
import { withoutErased } from './withoutErased.ts'

/** The import was cancelled or removed, or another process has it now: nothing was written. */
export class ImportLostError extends Error {
  constructor() {
    super('This process does not hold the import any more.')
    this.name = 'ImportLostError'
  }
}

/**
 * Stores what a batch of rows came to, people, refusals, warnings and the counts of the import in one transaction, so
 * that the counts always tell how far the file has been read. Of people who were erased nothing is stored but that their
 * row was refused. `knewSome`: whether people whom the account knows already are to be expected; returns whether there
 * were some. Throws `ImportLostError`.
 */
export async function writeImportBatch(
  db: Db,
  suppressions: SuppressionList,
  hold: ImportHold,
  prepared: PreparedRows,
  { bytesRead, knewSome }: { bytesRead: number; knewSome: boolean },
): Promise<boolean> {
  return retryOnConflict(() =>
    transaction(db, async (trx) => {
      await lockToStorePeople(trx, hold.userId)
      const phones = prepared.people.map(({ phone }) => phone)
      const batch = withoutErased(prepared, await suppressions.findErased(trx, hold.userId, phones))
      await lockContacts(trx, hold.userId)
      const { accepted, created } = await savePeople(trx, hold, batch.people, knewSome)
      if (failpoints !== null) await failpoints.pass('during_import_batch')
      await saveRejections(trx, hold, batch.rejections)
      await saveWarnings(trx, hold, batch.warnings)
      const duplicates = batch.repeated + batch.people.length - accepted
      await advance(trx, hold, { ...batch, accepted, created, duplicates, bytesRead })
      return created < batch.people.length
    }),
  )
}

/** Two imports of one account may carry the same people in any order: without taking turns they could deadlock. */
export async function lockContacts(trx: Trx, userId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`contacts ${userId}`}, 0))`.execute(trx)
}

type Saved = { accepted: number; created: number }

const UNIQUE_VIOLATION = '23505'

/**
 * People whom the account does not know yet, as most of a large file are, cost a third less to store. Whether there are
 * others shows when they are stored, and is expected of the batch after one that had some.
 */
async function savePeople(trx: Trx, hold: ImportHold, people: PreparedPerson[], knewSome: boolean): Promise<Saved> {
  if (people.length === 0) return { accepted: 0, created: 0 }
  const columns = columnsOf(people)
  if (knewSome) return saveAnyPeople(trx, hold, columns)
  const collision = await tryWithin(trx, () => saveNewPeople(trx, hold, columns))
  if (collision === null) return { accepted: people.length, created: people.length }
  if (!(collision instanceof Error && 'code' in collision && collision.code === UNIQUE_VIOLATION))
    throw collision as Error
  return saveAnyPeople(trx, hold, columns)
}

type Columns = { phones: Buffer; names: Buffer; variables: Buffer; lines: Buffer }

function columnsOf(people: PreparedPerson[]): Columns {
  return {
    phones: textArray(people.map((person) => person.phone)),
    names: textArray(people.map((person) => person.name)),
    variables: textArray(people.map((person) => person.variables)),
    lines: integerArray(people.map((person) => person.line)),
  }
}

function inputOf({ phones, names, variables, lines }: Columns) {
  return sql`
    select * from unnest(${phones}::text[], ${names}::text[], ${variables}::text[], ${lines}::integer[])
      as input (phone, name, variables, line)
  `
}

async function saveNewPeople(trx: Trx, { userId, importId }: ImportHold, columns: Columns): Promise<void> {
  await sql`
    with input as (${inputOf(columns)}),
    saved as (
      insert into contacts (user_id, phone, name, variables)
      select ${userId}, phone, name, variables::jsonb from input
      returning id, phone
    )
    insert into import_contacts (user_id, import_id, contact_id, line, created)
    select ${userId}, ${importId}, saved.id, input.line, true from saved join input using (phone)
  `.execute(trx)
}

/**
 * The first row of a number within one import decides: a contact that is in the import already is left alone, and is
 * therefore missing from what `saved` returns.
 */
async function saveAnyPeople(trx: Trx, { userId, importId }: ImportHold, columns: Columns): Promise<Saved> {
  const { rows } = await sql<Saved>`
    with input as (${inputOf(columns)}),
    saved as (
      insert into contacts as c (user_id, phone, name, variables)
      select ${userId}, phone, name, variables::jsonb from input order by line
      on conflict (user_id, phone) do update set
        name = case when excluded.name = '' then c.name else excluded.name end,
        variables = c.variables || excluded.variables,
        updated_at = now()
      where not exists (
        select from import_contacts m where m.user_id = c.user_id and m.import_id = ${importId} and m.contact_id = c.id
      )
      returning c.id, c.phone, xmax = 0 as created
    ),
    members as (
      insert into import_contacts (user_id, import_id, contact_id, line, created)
      select ${userId}, ${importId}, saved.id, input.line, saved.created from saved join input using (phone)
      returning created
    )
    select count(*) as accepted, count(*) filter (where created) as created from members
  `.execute(trx)
  return rows[0] ?? { accepted: 0, created: 0 }
}

async function saveRejections(trx: Trx, { userId, importId }: ImportHold, rejections: Rejection[]): Promise<void> {
  if (rejections.length === 0) return
  await sql`
    insert into import_rejections (user_id, import_id, line, reason, field, cells)
    select ${userId}, ${importId}, line, reason, field, cells::jsonb from unnest(
      ${rejections.map((row) => row.line)}::integer[], ${rejections.map((row) => row.reason)}::text[],
      ${rejections.map((row) => row.field)}::text[], ${rejections.map((row) => JSON.stringify(row.cells))}::text[]
    ) as input (line, reason, field, cells)
  `.execute(trx)
}

async function saveWarnings(trx: Trx, { userId, importId }: ImportHold, warnings: Warning[]): Promise<void> {
  if (warnings.length === 0) return
  await sql`
    insert into import_warnings (user_id, import_id, line, reason, field, phone, others, cells)
    select ${userId}, ${importId}, line, reason, field, phone, others::jsonb, cells::jsonb from unnest(
      ${warnings.map((row) => row.line)}::integer[], ${warnings.map((row) => row.reason)}::text[],
      ${warnings.map((row) => row.field)}::text[], ${warnings.map((row) => row.phone)}::text[],
      ${warnings.map((row) => JSON.stringify(row.others))}::text[], ${warnings.map((row) => JSON.stringify(row.cells))}::text[]
    ) as input (line, reason, field, phone, others, cells)
  `.execute(trx)
}

type Advance = PreparedRows & { accepted: number; created: number; duplicates: number; bytesRead: number }

async function advance(trx: Trx, hold: ImportHold, batch: Advance): Promise<void> {
  const { numAffectedRows } = await sql`
    update contact_imports set
      rows = rows + ${batch.rows}, accepted = accepted + ${batch.accepted}, created = created + ${batch.created},
      duplicates = duplicates + ${batch.duplicates}, rejected = rejected + ${batch.rejections.length},
      warnings = warnings + ${batch.warnings.length}, bytes_read = ${batch.bytesRead},
      lease_expires_at = clock_timestamp() + make_interval(secs => ${hold.leaseSeconds})
    where user_id = ${hold.userId} and id = ${hold.importId} and status = 'running' and lease_owner = ${hold.owner}
  `.execute(trx)
  if (numAffectedRows !== 1n) throw new ImportLostError()
}
