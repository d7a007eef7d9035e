-- Users, sessions and passwords, as better-auth's getMigrations() compiles them for auth/createAuth.ts;
-- a test finds when a new version of it wants more.

create table "users" (
  "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
  "name" text not null,
  "email" text not null unique,
  "email_verified" boolean not null,
  "image" text,
  "created_at" timestamptz default CURRENT_TIMESTAMP not null,
  "updated_at" timestamptz default CURRENT_TIMESTAMP not null,
  "role" text,
  "banned" boolean,
  "ban_reason" text,
  "ban_expires" timestamptz
);

create table "sessions" (
  "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
  "expires_at" timestamptz not null,
  "token" text not null unique,
  "created_at" timestamptz default CURRENT_TIMESTAMP not null,
  "updated_at" timestamptz not null,
  "ip_address" text,
  "user_agent" text,
  "user_id" uuid not null references "users" ("id") on delete cascade,
  "impersonated_by" text
);

create table "accounts" (
  "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
  "account_id" text not null,
  "provider_id" text not null,
  "user_id" uuid not null references "users" ("id") on delete cascade,
  "access_token" text,
  "refresh_token" text,
  "id_token" text,
  "access_token_expires_at" timestamptz,
  "refresh_token_expires_at" timestamptz,
  "scope" text,
  "password" text,
  "created_at" timestamptz default CURRENT_TIMESTAMP not null,
  "updated_at" timestamptz not null
);

create table "verifications" (
  "id" uuid default pg_catalog.gen_random_uuid() not null primary key,
  "identifier" text not null,
  "value" text not null,
  "expires_at" timestamptz not null,
  "created_at" timestamptz default CURRENT_TIMESTAMP not null,
  "updated_at" timestamptz default CURRENT_TIMESTAMP not null
);

create index "sessions_user_id_idx" on "sessions" ("user_id");
create index "accounts_user_id_idx" on "accounts" ("user_id");
create index "verifications_identifier_idx" on "verifications" ("identifier");

create table api_keys (
  id uuid not null primary key default pg_catalog.gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  name text not null,
  prefix text not null,
  key_hash bytea not null unique,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  revoked_at timestamptz
);

create index api_keys_user_id_idx on api_keys (user_id, created_at);

-- Written on every attempt and worth nothing after a minute: no write-ahead log.
create unlogged table rate_limits (
  key text not null primary key,
  hits timestamptz[] not null,
  refused boolean not null,
  expires_at timestamptz not null
);

create index rate_limits_expires_at_idx on rate_limits (expires_at);
