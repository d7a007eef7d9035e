import type pg from 'pg'

/** `columns`: those that hold something of their own, in their order. */
export type Table = { name: string; columns: string[] }

/** How many rows, and a sum over all that is in them: two tables with both alike hold the same. */
export type Measure = { rows: string; sum: string }

export type Sequence = { name: string; last: string; isCalled: boolean }

const OURS = `relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'schema\\_migrations%'`

/** Every table of the product but those of the migrations; each after those that its rows refer to. */
export async function listTables(client: pg.ClientBase): Promise<Table[]> {
  const { rows: tables } = await client.query<Table>(`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where ${OURS} group by c.relname order by c.relname`)
  const { rows: links } = await client.query<{ of: string; to: string }>(`
    select k.relname as of, p.relname as to from pg_constraint f
    join pg_class k on k.oid = f.conrelid join pg_class p on p.oid = f.confrelid
    where f.contype = 'f' and f.connamespace = 'public'::regnamespace and f.conrelid <> f.confrelid`)
  return parentsFirst(tables, links)
}

function parentsFirst(tables: Table[], links: { of: string; to: string }[]): Table[] {
  const sorted: Table[] = []
  let waiting = tables
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ name }) => name))
    const waits = ({ name }: Table) => links.some(({ of, to }) => of === name && names.has(to))
    const ready = waiting.filter((table) => !waits(table))
    if (ready.length === 0) throw new Error(`Tables refer to each other in a circle: ${[...names].join(', ')}.`)
    sorted.push(...ready)
    waiting = waiting.filter(waits)
  }
  return sorted
}

/** The migrations that the schema has, oldest first; null where it has none of the product's. */
export async function listApplied(client: pg.ClientBase): Promise<string[] | null> {
  const { rows: found } = await client.query(
    `select from pg_class where relname = 'schema_migrations' and relnamespace = 'public'::regnamespace`,
  )
  if (found.length === 0) return null
  const { rows } = await client.query<{ name: string }>('select name from schema_migrations order by name')
  return rows.map(({ name }) => name)
}

export async function listSequences(client: pg.ClientBase): Promise<Sequence[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' order by relname`,
  )
  const sequences: Sequence[] = []
  for (const { name } of rows) {
    const { rows: state } = await client.query<Omit<Sequence, 'name'>>(
      `select last_value::text as last, is_called as "isCalled" from ${quoted(name)}`,
    )
    if (state[0] !== undefined) sequences.push({ name, ...state[0] })
  }
  return sequences
}

export async function setSequences(client: pg.ClientBase, sequences: Sequence[]): Promise<void> {
  for (const { name, last, isCalled } of sequences) {
    await client.query('select setval($1::regclass, $2::bigint, $3)', [quoted(name), last, isCalled])
  }
}

/**
 * Of one table, by the database itself. SHA-256 of each row's text, of which 60 bits go into the sum: the hashes of
 * PostgreSQL's own are not promised to be the same in another version.
 */
export async function measure(client: pg.ClientBase, table: Table): Promise<Measure> {
  const { rows } = await client.query<Measure>(`
    select count(*)::text as rows,
      coalesce(sum(('x' || left(encode(sha256(convert_to(row(${columnsOf(table)})::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)::text as sum
    from ${quoted(table.name)}`)
  return rows[0] ?? { rows: '0', sum: '0' }
}

export function copyOut(table: Table): string {
  return `copy ${quoted(table.name)} (${columnsOf(table)}) to stdout`
}

export function copyIn(table: Table): string {
  return `copy ${quoted(table.name)} (${columnsOf(table)}) from stdin`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function columnsOf({ columns }: Table): string {
  return columns.map(quoted).join(', ')
}
