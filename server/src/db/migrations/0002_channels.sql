-- Facts about this installation, one row each: the check value of the secret key, for example.
create table instance_facts (
  name text primary key,
  value text not null,
  created_at timestamptz not null default now()
);

-- A WhatsApp number with its gateway, token, pace and health. The lane is the time-limited right of one worker to
-- send on it: lane_epoch rises with every change of owner, and a settle under an old epoch changes nothing.
create table channels (
  user_id uuid not null references users (id),
  id uuid not null default gen_random_uuid(),
  name text not null,
  gateway text not null check (gateway in ('wuzapi', 'cloud', 'sandbox')),
  base_url text,
  settings jsonb not null default '{}',
  token_ciphertext bytea not null,
  token_hash bytea not null,
  webhook_key_ciphertext bytea,
  webhook_secret_hash bytea not null,
  min_delay_ms integer not null default 0 check (min_delay_ms >= 0),
  status text not null default 'unknown',
  status_checked_at timestamptz,
  webhook_registered_at timestamptz,
  next_slot_at timestamptz,
  back_off_until timestamptz,
  lane_owner uuid,
  lane_epoch bigint not null default 0,
  lane_acquired_at timestamptz,
  lane_expires_at timestamptz,
  created_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (user_id, id),
  unique (id)
) with (fillfactor = 70);

create unique index channels_token_key on channels (user_id, gateway, token_hash) where deleted_at is null;
