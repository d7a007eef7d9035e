-- Webhooks as they came, until they are applied; the key makes a repeated call one row.
create table webhook_inbox (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  channel_id uuid not null,
  dedupe_key bytea not null unique,
  events jsonb not null,
  received_at timestamptz not null default now()
);
