import pg from 'pg'
import { APPLICATION_USER, USER } from '#server/db/embedded/PostgresConnection.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import { forbiddenStatements } from '../lab/forbidden.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { PrivatePostgres } from '../lab/PrivatePostgres.ts'
import { logged } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'

/** More than from where on the planner is given statistics, which only an owner may gather. */
const PEOPLE = 1100
const NOT_PERMITTED = '42501'
const WARNING =
  'the role of DATABASE_URL may change the schema and the audit trail: name the owner in MIGRATE_DATABASE_URL'

/** The role that the product works as does all of its work and nothing else, on its own database and on another's. */
export async function databaseRole(lab: Lab): Promise<Numbers> {
  const embedded = lab.embeddedSite()
  const denied = await ownDatabase(lab, embedded)
  await olderCluster(lab, embedded)
  return {
    'statements denied, embedded': denied,
    'role made again on an older cluster': 'yes',
    'statements denied, external': await withOwner(lab),
    'one role for both': await withoutOwner(lab),
  }
}

async function ownDatabase(lab: Lab, site: Site): Promise<number> {
  await site.start()
  await site.setUp()
  await balanceAtEnd(await site.createCampaign(PEOPLE), lab.limit(60_000))
  await site.change(`create schema other; create table other.secrets as select 'x' as secret`)
  return denied(site, USER, { ...(await site.connection()), user: APPLICATION_USER })
}

/** One that was made before there were two roles. */
async function olderCluster(lab: Lab, site: Site): Promise<void> {
  for (const server of site.living) await server.stop()
  const postgres = await new PrivatePostgres(site.directory).start()
  await postgres.run(`drop owned by ${APPLICATION_USER}`, `drop role ${APPLICATION_USER}`)
  await postgres.stop()
  await site.start()
  await balanceAtEnd(await site.createCampaign(20), lab.limit(30_000))
  await denied(site, USER, { ...(await site.connection()), user: APPLICATION_USER })
}

async function withOwner(lab: Lab): Promise<number> {
  const postgres = await lab.postgres()
  await postgres.run('create role site_owner login', 'create role site_application login')
  const site = await lab.externalSite()
  const [{ name } = { name: '' }] = await site.query<{ name: string }>('select current_database() as name')
  await postgres.run(`alter database ${name} owner to site_owner`)
  const as = (role: string) => postgres.urlOf(name).replace('//revoada@', `//${role}@`)
  await site.start('all', { DATABASE_URL: as('site_application'), MIGRATE_DATABASE_URL: as('site_owner') })
  await site.setUp()
  await balanceAtEnd(await site.createCampaign(PEOPLE), lab.limit(60_000))
  await site.change(`create schema other; create table other.secrets as select 'x' as secret`)
  check(warnings(site) === 0, 'It warns of a role that may do nothing that it should not.')
  return denied(site, 'site_owner', { connectionString: as('site_application') })
}

/** It works, and says that it is no good. */
async function withoutOwner(lab: Lab): Promise<string> {
  const site = await lab.externalSite()
  await site.start()
  check(warnings(site) === 1, `A role that owns the schema is warned of ${warnings(site)} times.`)
  return 'one warning'
}

function warnings(site: Site): number {
  return logged(site, WARNING).length
}

/** Tries everything as this role; returns how much was refused, which is all of it. */
async function denied(site: Site, owner: string, application: pg.ClientConfig): Promise<number> {
  const before = await fingerprint(site)
  const client = new pg.Client(application)
  await client.connect()
  try {
    for (const statement of forbiddenStatements(owner)) {
      const code = await client.query(statement).then(
        () => 'nothing',
        (error: unknown) => (error as { code?: string }).code,
      )
      check(code === NOT_PERMITTED, `${statement} ended with ${code}.`)
    }
  } finally {
    await client.end()
  }
  check((await fingerprint(site)) === before, 'Something was changed all the same.')
  return forbiddenStatements(owner).length
}

/** Every table and function with its rights, and every row of the trails. */
async function fingerprint(site: Site): Promise<string> {
  const rows = await site.query(
    `select relname as name, relacl::text as rights, relowner::regrole::text as owner from pg_class
       where relnamespace = 'public'::regnamespace
     union all select proname, proacl::text, proowner::regrole::text from pg_proc where pronamespace = 'public'::regnamespace
     union all select a.id::text, a::text, '' from campaign_audit_logs a
     union all select e.id::text, e::text, '' from audit_events e order by 1, 2, 3`,
  )
  return JSON.stringify(rows)
}
