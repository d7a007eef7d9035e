import { sql, type RawBuilder } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import { COMPANY_COLUMNS, knownPlainName } from '#server/templates/recipientScope.ts'

/** A variable that a text speaks of, and the headers under which people may have it. */
export type NeededVariable = { name: string; headers: string[] }
export type NeededVariables = readonly NeededVariable[]

const OF_THE_NAME = new Set(['nome', 'primeiro_nome'])
/** The newest contacts stand for all: their headers are those of files, which are known, and what the API brought. */
const LOOKED_AT = 1000

/**
 * Where people may have what the texts speak of: templates write `codigo_postal` where a file has `Código Postal`. Reads
 * the headers of the account's files and those of some of its people, not every person.
 */
export async function findHeaders(
  db: Db | Trx,
  userId: string,
  names: readonly string[],
  more: { campaignId?: string; headers?: readonly string[] } = {},
): Promise<NeededVariables> {
  if (names.every((name) => OF_THE_NAME.has(name))) return names.map((name) => ({ name, headers: [] }))
  const { rows } = await sql<{ header: string }>`
    select jsonb_array_elements_text(columns) as header from contact_imports where user_id = ${userId}
    union
    select jsonb_object_keys(variables) from (
      select variables from contacts where user_id = ${userId} order by id desc limit ${LOOKED_AT}
    ) newest
    union
    select jsonb_object_keys(variables) from campaign_typed_recipients
    where user_id = ${userId} and campaign_id = ${more.campaignId ?? null}::uuid
  `.execute(db)
  const headers = new Set([...rows.map(({ header }) => header), ...(more.headers ?? [])])
  return names.map((name) => {
    const plain = name === 'empresa' ? COMPANY_COLUMNS : [name]
    return { name, headers: [name, ...[...headers].filter((header) => plain.includes(knownPlainName(header)))] }
  })
}

/** SQL over `name` and `variables`: whether any of them is missing or empty. */
export function lacksOneOf(needed: NeededVariables): RawBuilder<boolean> {
  if (needed.length === 0) return sql<boolean>`false`
  return sql<boolean>`(${sql.join(needed.map(lacks), sql` or `)})`
}

/** SQL: the names of those that are missing, as an array. */
export function lackedOf(needed: NeededVariables): RawBuilder<string[]> {
  if (needed.length === 0) return sql<string[]>`'{}'::text[]`
  const names = needed.map((each) => sql`case when ${lacks(each)} then ${each.name}::text end`)
  return sql<string[]>`array_remove(array[${sql.join(names)}], null)`
}

function lacks({ name, headers }: NeededVariable): RawBuilder<boolean> {
  if (OF_THE_NAME.has(name)) return sql<boolean>`coalesce(name, '') = ''`
  const values = headers.map((header) => sql`nullif(variables ->> ${header}::text, '')`)
  return sql<boolean>`coalesce(${sql.join(values)}) is null`
}
