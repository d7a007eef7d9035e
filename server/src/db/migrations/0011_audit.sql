-- Whose campaign it was, kept here because a campaign may be purged before its trail is; and from where it was done.
alter table campaign_audit_logs
  add column owner_id uuid,
  add column address inet,
  add constraint campaign_audit_logs_size
    check (octet_length(action) <= 64 and octet_length(details::text) <= 16384) not valid;

update campaign_audit_logs a set owner_id = c.user_id from campaigns c where c.id = a.campaign_id;

create index campaign_audit_logs_deleted_idx on campaign_audit_logs (created_at) where action = 'delete';

-- Who did what to an account: the same trail for everything that is not one campaign.
create table audit_events (
  id bigint generated always as identity primary key,
  -- Whose account it is about, and who did it; null where nobody is known (a sign-in that was refused), or the product.
  owner_id uuid,
  user_id uuid,
  action text not null,
  -- What it was done to: a channel, an API key, an import … by its id.
  target text,
  details jsonb not null default '{}',
  address inet,
  created_at timestamptz not null default clock_timestamp(),
  constraint audit_events_size check (
    octet_length(action) <= 64 and octet_length(target) <= 200 and octet_length(details::text) <= 16384
  )
);
create index audit_events_created_at_idx on audit_events (created_at);
create index audit_events_owner_idx on audit_events (owner_id, created_at);

-- The daily job, one row: when it is due (not while somebody waits for the first page), who does it, and what the last
-- one removed.
create table retention_runs (
  only_row boolean primary key default true check (only_row),
  due_at timestamptz not null default clock_timestamp() + interval '1 hour',
  owner uuid,
  owner_expires_at timestamptz,
  last_started_at timestamptz,
  last_finished_at timestamptz,
  last_removed jsonb
);
insert into retention_runs default values;

-- Rows of a log that have been kept long enough, at most `at_most` of them (all, if null). Every row of a deleted
-- campaign goes a while after the deletion, which is the row that goes last: cut off halfway, the rest is still found.
create function expired_rows(log text, keep_days integer, at_most integer) returns setof bigint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  cutoff constant timestamptz := clock_timestamp() - make_interval(hours => 24 * keep_days);
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
      order by a.action = 'delete', a.id limit at_most;
    when 'audit_events' then return query
      select e.id from public.audit_events e where e.created_at < cutoff order by e.created_at limit at_most;
    when 'campaign_error_logs' then return query
      select e.id from public.campaign_error_logs e where e.created_at < cutoff order by e.created_at limit at_most;
    else raise exception 'no such log: %', log using errcode = 'invalid_parameter_value';
  end case;
end $$;

-- The one way in which the application may remove rows of a log. It runs with the rights of the schema's owner, and
-- what it promises holds against its caller: nothing goes before its least time is over.
create function delete_expired_rows(log text, keep_days integer, at_most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  least constant integer := case log
    when 'campaign_audit_logs' then 30 when 'deleted_campaigns' then 90 when 'audit_events' then 30
    when 'campaign_error_logs' then 1 end;
  removed integer;
begin
  if keep_days is null or least is null or keep_days < least then
    raise exception '% is kept for at least % days', log, least using errcode = 'insufficient_privilege';
  end if;
  case log
    when 'audit_events' then
      delete from public.audit_events where id in (select public.expired_rows(log, keep_days, at_most));
    when 'campaign_error_logs' then
      delete from public.campaign_error_logs where id in (select public.expired_rows(log, keep_days, at_most));
    else
      delete from public.campaign_audit_logs where id in (select public.expired_rows(log, keep_days, at_most));
  end case;
  get diagnostics removed = row_count;
  return removed;
end $$;

-- Only an owner may gather statistics before PostgreSQL 17, and the planner needs them before the first claim.
create function analyze_recipients() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  analyze public.campaign_contacts, public.campaign_counts;
$$;

-- What the role of the application may do, and nothing else: read and write rows; to the trails only add, with the
-- database's own time; to the error log only add; no word about the schema. Repeated after every migration, as the owner.
create function grant_to_application(application name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  found record;
begin
  if exists (select from pg_database where datname = current_database() and pg_has_role(datdba, 'usage')) then
    execute format('revoke temporary on database %I from public, %I', current_database(), application);
    revoke create on schema public from public;
    execute format('revoke create on schema public from %I', application);
  end if;
  execute format('grant usage on schema public to %I', application);
  for found in
    select c.relname, string_agg(quote_ident(a.attname), ', ') filter (where a.attname not in ('id', 'created_at')) as added
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')
    group by c.relname
  loop
    execute format('revoke all on public.%I from %I', found.relname, application);
    execute format('grant select on public.%I to %I', found.relname, application);
    if found.relname in ('campaign_audit_logs', 'audit_events') then
      execute format('grant insert (%s) on public.%I to %I', found.added, found.relname, application);
    elsif found.relname = 'campaign_error_logs' then
      execute format('grant insert on public.%I to %I', found.relname, application);
    elsif found.relname not like 'schema\_migrations%' then
      execute format('grant insert, update, delete on public.%I to %I', found.relname, application);
    end if;
  end loop;
  execute format(
    'grant execute on function public.delete_expired_rows(text, integer, integer), public.analyze_recipients() to %I',
    application
  );
end $$;

revoke execute on function
  delete_expired_rows(text, integer, integer), analyze_recipients(), grant_to_application(name) from public;
