import { sql } from 'kysely'
import type { Db } from './Database.ts'

/**
 * Gives the role of the application its rights, as the owner of the schema: rows and no more (see the function in the
 * migrations). `create` makes the role where it is missing. Cheap when nothing is to be done, which is every start but
 * those that changed the schema. Two processes at once take turns.
 */
export async function grantToApplication(
  db: Db,
  role: string,
  options: { changed: boolean; create?: { password: string | undefined } },
): Promise<void> {
  if (!options.changed && !(await lacksRights(db, role))) return
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('revoada application role'))`.execute(trx)
    if (options.create !== undefined) await createRole(trx, role, options.create.password)
    await sql`select grant_to_application(${role}::name)`.execute(trx)
  })
}

/** Whether whoever uses this database may do more than the application needs: change the schema, or its trails. */
export async function mayDoTooMuch(db: Db): Promise<boolean> {
  const { rows } = await sql<{ too_much: boolean }>`
    select pg_has_role(relowner, 'usage') or has_table_privilege(oid, 'delete') or has_table_privilege(oid, 'update')
      as too_much
    from pg_class where oid = 'public.campaign_audit_logs'::regclass
  `.execute(db)
  return rows[0]?.too_much !== false
}

async function lacksRights(db: Db, role: string): Promise<boolean> {
  const { rows } = await sql<{ lacking: boolean }>`
    select case when to_regrole(quote_ident(${role})) is null then true else exists (
      select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not has_table_privilege(to_regrole(quote_ident(${role})), oid, 'select')
    ) or exists (
      select from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
        and not has_function_privilege(to_regrole(quote_ident(${role})), oid, 'execute')
    ) end as lacking
  `.execute(db)
  return rows[0]?.lacking !== false
}

async function createRole(db: Db, role: string, password: string | undefined): Promise<void> {
  const { rows } = await sql`select from pg_roles where rolname = ${role}`.execute(db)
  if (rows.length > 0) return
  const secret = password === undefined ? sql`` : sql`password ${sql.lit(password)}`
  await sql`create role ${sql.id(role)} login nosuperuser nocreatedb nocreaterole noinherit ${secret}`.execute(db)
}
