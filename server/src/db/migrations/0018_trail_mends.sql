-- Nothing of a trail goes before it is thirty days old: also not what was noted about a campaign long after its deletion.
create or replace function expired_rows(log text, keep_days integer, at_most integer) returns setof bigint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  cutoff constant timestamptz := clock_timestamp() - make_interval(hours => 24 * keep_days);
  youngest constant timestamptz := clock_timestamp() - interval '720 hours';
begin
  case log
    when 'campaign_audit_logs' then return query
      select a.id from public.campaign_audit_logs a
      where a.created_at < cutoff and not exists (
        select from public.campaign_audit_logs d where d.campaign_id = a.campaign_id and d.action = 'delete'
      )
      order by a.created_at limit at_most;
    when 'deleted_campaigns' then return query
      select a.id from public.campaign_audit_logs a
      where a.campaign_id in (
        select d.campaign_id from public.campaign_audit_logs d
        where d.action = 'delete' and d.created_at < cutoff and not exists (
          select from public.campaign_audit_logs n
          where n.campaign_id = d.campaign_id and n.action = 'delete' and n.created_at >= cutoff
        )
      )
      and a.created_at < youngest
      -- The deletion is what the others are found by: it waits for them.
      and (a.action <> 'delete' or not exists (
        select from public.campaign_audit_logs y where y.campaign_id = a.campaign_id and y.created_at >= youngest
      ))
      order by a.action = 'delete', a.id limit at_most;
    when 'audit_events' then return query
      select e.id from public.audit_events e where e.created_at < cutoff order by e.created_at limit at_most;
    when 'campaign_error_logs' then return query
      select e.id from public.campaign_error_logs e where e.created_at < cutoff order by e.created_at limit at_most;
    else raise exception 'no such log: %', log using errcode = 'invalid_parameter_value';
  end case;
end $$;

-- The same rights as before, and every function that runs with the rights of the schema's owner is the application's
-- alone, without a list that somebody has to keep.
alter function grant_to_application(name) rename to grant_tables_to_application;

create function grant_to_application(application name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  found record;
begin
  perform public.grant_tables_to_application(application);
  for found in
    select p.oid::regprocedure as signature from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosecdef and pg_has_role(p.proowner, 'usage')
      and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
      )
  loop
    execute format('revoke execute on function %s from public', found.signature);
    execute format('grant execute on function %s to %I', found.signature, application);
  end loop;
end $$;

revoke execute on function
  blank_error_texts(uuid, uuid[], bigint[]), grant_to_application(name), grant_tables_to_application(name) from public;
