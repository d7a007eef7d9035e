import { check } from './check.ts'
import { update } from './rawUpdate.ts'
import type { Site } from './Site.ts'

const WATCH = `
  create table lab_stale_settles (contact bigint, claimed_under bigint, lane_epoch bigint, became text);
  create function lab_watch_settle() returns trigger language plpgsql as $$
  declare epoch bigint;
  begin
    select l.lane_epoch into epoch from campaigns c join channels l on l.id = c.channel_id where c.id = new.campaign_id;
    if old.claim_epoch < epoch then
      insert into lab_stale_settles values (new.id, old.claim_epoch, epoch, new.status);
    end if;
    return null;
  end $$;
  create trigger lab_watch_settle after update of status on campaign_contacts
    for each row when (old.status = 'sending' and new.status <> 'sending') execute function lab_watch_settle();`

/**
 * From now on every row that leaves `sending` under an epoch older than its lane's is written down by the database
 * itself. Only for external sites, after the first server has made the schema, and without receipts or cancels, which
 * may move such rows.
 */
export async function watchStaleSettles(site: Site): Promise<void> {
  await update(site, WATCH)
}

/** No row was settled under an old epoch, or it throws. */
export async function checkNoStaleSettles(site: Site): Promise<void> {
  const rows = await site.query('select * from lab_stale_settles limit 5')
  check(rows.length === 0, `Rows were settled under an old epoch: ${JSON.stringify(rows)}.`)
}
