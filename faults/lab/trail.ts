import type { Site } from './Site.ts'

/**
 * Every change with its one row, and every row with its change, as far as the books can tell: what is there, what state
 * it is in, and the value that was written last. Each finding is a sentence.
 */
const QUESTIONS: Record<string, string> = {
  'campaigns without exactly one row of their creation': `
    select c.id from campaigns c
    where (select count(*) from campaign_audit_logs a where a.campaign_id = c.id and a.action = 'create') <> 1`,
  'rows of campaigns that do not exist': `
    select a.id from campaign_audit_logs a where not exists (select from campaigns c where c.id = a.campaign_id)`,
  'campaigns whose pace is not what the last row says': `
    select c.id from campaigns c join lateral (
      select (a.details #>> '{changes,delay_max_ms,to}')::int as written from campaign_audit_logs a
      where a.campaign_id = c.id and a.action = 'edit' and a.details #> '{changes,delay_max_ms}' is not null
      order by a.id desc limit 1
    ) e on e.written <> c.delay_max_ms`,
  'campaigns with a pace that no row explains': `
    select c.id from campaigns c where c.delay_max_ms <> 0 and not exists (
      select from campaign_audit_logs a where a.campaign_id = c.id and a.action = 'edit')`,
  'wishes to start that differ from their rows': `
    select c.id from campaigns c where c.start_requested::int is distinct from
      (select count(*)::int from campaign_audit_logs a where a.campaign_id = c.id and a.action = 'start')
      and c.status not in ('cancelled', 'running')`,
  'cancelled campaigns that differ from their rows': `
    select c.id from campaigns c where (c.status = 'cancelled')::int <>
      (select count(*) from campaign_audit_logs a where a.campaign_id = c.id and a.action = 'cancel')`,
  'deleted campaigns that differ from their rows': `
    select c.id from campaigns c where (c.deleted_at is not null)::int <>
      (select count(*) from campaign_audit_logs a where a.campaign_id = c.id and a.action = 'delete')`,
  'API keys that differ from their rows': `
    select k.id from api_keys k where
      (select count(*) from audit_events e where e.target = k.id::text and e.action = 'api-key-create') <> 1
    union all select null where (select count(*) from api_keys) <>
      (select count(*) from audit_events where action = 'api-key-create')`,
  'channels with a name that is not what the last row says': `
    select c.id from channels c join lateral (
      select e.details #>> '{changes,name,to}' as written from audit_events e
      where e.target = c.id::text and e.action = 'channel-edit' and e.details #> '{changes,name}' is not null
      order by e.id desc limit 1
    ) e on e.written <> c.name`,
}

/** What the trail and the books of a site do not agree on. */
export async function findTrailProblems(site: Site): Promise<string[]> {
  const problems: string[] = []
  for (const [what, question] of Object.entries(QUESTIONS)) {
    const rows = await site.query(question)
    if (rows.length > 0) problems.push(`${rows.length} ${what}.`)
  }
  return problems
}
