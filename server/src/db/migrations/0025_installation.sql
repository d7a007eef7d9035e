-- Which database this is: the number of its cluster and its own number in it. No dump and no copy keeps both, so that a
-- copy, which knows the numbers of where it came from, sends nothing until a person has said that it is the one to send.
create function database_identity() returns text language plpgsql stable as $$
declare
  own oid := (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database());
begin
  return (select system_identifier from pg_catalog.pg_control_system()) || '/' || own;
exception when insufficient_privilege then
  -- Some rented databases do not tell the number of their cluster.
  return '/' || own;
end $$;

create table installation (
  only_one boolean primary key default true check (only_one),
  armed_for text not null,
  armed_at timestamptz not null default clock_timestamp()
);

-- Whatever is here already goes on sending.
insert into installation (armed_for) values (database_identity());

create function is_armed() returns boolean language sql stable as $$
  select exists (select from public.installation where armed_for = public.database_identity())
$$;
