import { balance, balanceAtEnd } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS } from '../lab/leases.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const DRAIN_MS = 2000
const NOTICE_MS = LEASE_MS / 3
const MARGIN_MS = 1000

/** What a future version might do: a column has another name, and every later change of a row is written down. */
const UPGRADE = `
  begin;
  insert into schema_migrations (name, timestamp) values ('9999_from_the_future', '2099-01-01');
  alter table campaign_contacts rename column attempts to tries;
  create table lab_writes (at timestamptz default clock_timestamp());
  create function lab_note() returns trigger language plpgsql as
    $$ begin insert into lab_writes default values; return null; end $$;
  create trigger lab_note after insert or update or delete on campaign_contacts for each row execute function lab_note();
  commit`

/** For the lab the newer version is the same program: the schema that it knows comes back. */
const DOWNGRADE = `
  begin;
  delete from schema_migrations where name = '9999_from_the_future';
  alter table campaign_contacts rename column tries to attempts;
  drop trigger lab_note on campaign_contacts;
  commit`

/**
 * A newer version upgrades the database while an old server and an old worker run: they say so, finish and end; they
 * write nothing in the old shape, and cannot be started again.
 */
export async function newerSchema(lab: Lab): Promise<Numbers> {
  const site = await lab.externalSite({ DRAIN_SECONDS: String(DRAIN_MS / 1000) })
  const servers = [await site.start('api'), await site.start('worker')]
  await site.setUp({ latencyMinMs: 20, latencyMaxMs: 60 })
  const campaign = await site.createCampaign(lab.rounds(3000, 800))
  await campaign.untilAccepted(50, { limitMs: lab.limit(30_000) })
  await site.change(UPGRADE)
  const upgradedAt = performance.now()
  const endedMs = []
  for (const server of servers) endedMs.push((await endedInOrder(lab, server, upgradedAt)) - upgradedAt)
  const [written] = await site.query<{ n: number }>('select count(*)::int as n from lab_writes')
  check(written?.n === 0, `${written?.n} rows were written in the old shape.`)
  await refusedToStart(site)
  await site.change(DOWNGRADE)
  await Promise.all([site.start('api'), site.start('worker')])
  await campaign.untilPausedByRestart(lab.limit(10_000))
  await campaign.resume()
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  await balance(campaign)
  return {
    'the old server ended after ms': Math.round(endedMs[0] ?? 0),
    'the old worker ended after ms': Math.round(endedMs[1] ?? 0),
    'rows written in the old shape': 0,
    recipients: books.recipients,
    'repeated requests (answers that could not be written)': books.repeatedRequests,
  }
}

async function endedInOrder(lab: Lab, server: ServerProcess, since: number): Promise<number> {
  const limitMs = lab.limit(NOTICE_MS + DRAIN_MS + MARGIN_MS)
  await until(`the old ${server.role} to end`, () => (server.hasEnded ? true : null), { limitMs })
  const { code, at } = await server.ended
  check(code === 1, `The old ${server.role} ended with ${code}.`)
  check(
    server.lastWords.includes('Revoada stops: a newer Revoada has changed this database'),
    `The old ${server.role} does not say why it ended: ${server.lastWords}`,
  )
  check(at - since <= limitMs, `The old ${server.role} took ${at - since} ms to end.`)
  return at
}

async function refusedToStart(site: Site): Promise<void> {
  const late = site.spawn('worker')
  const { code } = await late.ended
  check(code === 1, `An old worker was started on the new schema (it ended with ${code}).`)
  await until('its last words', () => (late.lastWords.includes('cannot start: a newer Revoada') ? true : null), {
    limitMs: 2000,
  })
}
