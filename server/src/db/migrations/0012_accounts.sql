-- Accounts by our own code: passwords on the user, sessions by hash and by the database's clock, second factor.

alter table users add column password_hash text;
update users set password_hash = a.password
  from accounts a where a.user_id = users.id and a.provider_id = 'credential';
drop table accounts;
drop table verifications;

alter table users add column disabled_at timestamptz;
update users set disabled_at = clock_timestamp()
  where banned and (ban_expires is null or ban_expires > clock_timestamp());
update users set role = 'user' where role is null or role <> 'admin';
alter table users
  drop column banned, drop column ban_reason, drop column ban_expires, drop column email_verified, drop column image,
  alter column role set not null,
  add constraint users_role_check check (role in ('admin', 'user'));
create index users_created_at_idx on users (created_at, id);

-- The old ones held the identifiers themselves: everybody signs in again.
drop table sessions;
create table sessions (
  id uuid not null primary key default pg_catalog.gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  token_hash bytea not null unique,
  created_at timestamptz not null default clock_timestamp(),
  used_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  address text,
  user_agent text
);
create index sessions_user_id_idx on sessions (user_id, created_at);
create index sessions_expires_at_idx on sessions (expires_at);

-- Browsers that have signed in before: strangers who guess do not use up their attempts.
create table known_devices (
  token_hash bytea not null primary key,
  user_id uuid not null references users (id) on delete cascade,
  expires_at timestamptz not null
);
create index known_devices_user_id_idx on known_devices (user_id);
create index known_devices_expires_at_idx on known_devices (expires_at);

create table second_factors (
  user_id uuid not null primary key references users (id) on delete cascade,
  secret bytea not null,
  confirmed_at timestamptz,
  last_step bigint not null default 0,
  created_at timestamptz not null default clock_timestamp()
);

create table backup_codes (
  user_id uuid not null references second_factors (user_id) on delete cascade,
  code_hash bytea not null,
  used_at timestamptz,
  primary key (user_id, code_hash)
);
