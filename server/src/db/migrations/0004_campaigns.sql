create table campaigns (
  user_id uuid not null references users (id),
  id uuid not null default gen_random_uuid(),
  channel_id uuid not null,
  name text not null,
  status text not null default 'draft'
    check (status in ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled', 'failed')),
  pause_reason text
    check (pause_reason in ('user', 'restart', 'disconnected', 'unauthorized', 'blocked', 'storage', 'missed')),
  -- First half of every message id of this campaign; see recipients/messageId.ts.
  message_tag bigint not null check (message_tag between 0 and 4294967295),
  messages jsonb not null,
  delay_min_ms integer not null,
  delay_max_ms integer not null,
  randomize_order boolean not null,
  order_seed bigint not null,
  unknown_policy text not null default 'resend' check (unknown_policy in ('resend', 'hold', 'skip')),
  scheduled_at timestamptz,
  -- Expansion of the audience: which source is next, after which key, and the number of the next recipient.
  preparing boolean not null default true,
  start_requested boolean not null default false,
  prepare_source integer not null default 0,
  prepare_after bigint not null default 0,
  next_recipient bigint not null default 1,
  chosen integer not null default 0,
  duplicates integer not null default 0,
  invalid integer not null default 0,
  -- Lease of the worker that processes it; requires the lane of its channel.
  processing_lock uuid,
  lock_acquired_at timestamptz,
  lock_renewed_at timestamptz,
  lock_expires_at timestamptz,
  lock_epoch bigint not null default 0,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  -- Time spent running: finished stretches in ms, and the start of the present one.
  running_ms bigint not null default 0,
  running_since timestamptz,
  deleted_at timestamptz,
  primary key (user_id, id),
  unique (id),
  unique (message_tag),
  foreign key (user_id, channel_id) references channels (user_id, id)
) with (fillfactor = 70);

create index campaigns_status_idx on campaigns (status);
create index campaigns_scheduled_at_idx on campaigns (scheduled_at);
create index campaigns_channel_idx on campaigns (channel_id, status);
create index campaigns_list_idx on campaigns (user_id, created_at desc, id desc) where deleted_at is null;

-- Where the recipients come from, in order. Typed ones lie in campaign_typed_recipients.
create table campaign_sources (
  user_id uuid not null,
  campaign_id uuid not null,
  position integer not null,
  kind text not null check (kind in ('typed', 'import')),
  import_id uuid,
  primary key (user_id, campaign_id, position)
);

create table campaign_typed_recipients (
  user_id uuid not null,
  campaign_id uuid not null,
  position bigint not null,
  phone text,
  name text,
  variables jsonb not null default '{}',
  -- Set instead of phone where the typed text cannot be dialled.
  input text,
  reason text,
  primary key (user_id, campaign_id, position)
);

-- The books: one row a recipient. `id` counts from 1 within the campaign, in the order of expansion.
create table campaign_contacts (
  user_id uuid not null,
  campaign_id uuid not null,
  id bigint not null,
  contact_id bigint,
  status text not null default 'pending'
    check (status in ('pending', 'retrying', 'sending', 'sent', 'delivered', 'read', 'failed', 'skipped', 'unknown', 'cancelled')),
  processing_order bigint not null,
  step smallint not null default 0,
  attempts smallint not null default 0,
  -- Requests after one whose fate nobody knows.
  resends smallint not null default 0,
  maybe_sent boolean not null default false,
  -- A suspect (found in sending after its worker died) is marked with the epoch that starts it again, before it is
  -- rendered; deaths counts the epochs that died so marked.
  started_epoch bigint,
  started_deaths smallint not null default 0,
  claim_epoch bigint,
  next_attempt_at timestamptz,
  rendered_at timestamptz,
  status_at timestamptz not null default now(),
  phone text not null,
  name text,
  error_category text,
  error_code text,
  variables jsonb not null default '{}',
  primary key (user_id, campaign_id, id),
  unique (user_id, campaign_id, phone)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- Claims read only these two; they shrink as the campaign goes on.
create index campaign_contacts_pending_idx on campaign_contacts (campaign_id, processing_order) where status = 'pending';
create index campaign_contacts_retrying_idx on campaign_contacts (campaign_id, next_attempt_at) where status = 'retrying';
create index campaign_contacts_status_idx on campaign_contacts (campaign_id, status, id) where status <> 'pending';

-- Counters, written only in the transaction that moves the rows they count.
create table campaign_counts (
  user_id uuid not null,
  campaign_id uuid not null,
  pending integer not null default 0,
  retrying integer not null default 0,
  sending integer not null default 0,
  sent integer not null default 0,
  delivered integer not null default 0,
  read integer not null default 0,
  failed integer not null default 0,
  skipped integer not null default 0,
  unknown integer not null default 0,
  cancelled integer not null default 0,
  primary key (user_id, campaign_id)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- Of the failed, how many for which reason; written with campaign_counts.
create table campaign_failure_counts (
  user_id uuid not null,
  campaign_id uuid not null,
  category text not null,
  failed integer not null,
  primary key (user_id, campaign_id, category)
) with (fillfactor = 20);

-- Steps of a sequence that are over, whether the recipient went on to the next or not.
create table campaign_contact_steps (
  user_id uuid not null,
  campaign_id uuid not null,
  contact_id bigint not null,
  step smallint not null,
  status text not null,
  settled_at timestamptz not null default now(),
  primary key (user_id, campaign_id, contact_id, step)
);

create table campaign_error_logs (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  campaign_id uuid not null,
  contact_id bigint,
  error_type text not null,
  error_code text not null,
  error_message text not null,
  stack_trace text,
  created_at timestamptz not null default now()
);
create index campaign_error_logs_campaign_idx on campaign_error_logs (campaign_id, id);
create index campaign_error_logs_created_at_idx on campaign_error_logs (created_at);

-- No foreign key to campaigns: the trail outlives what it speaks of.
create table campaign_audit_logs (
  id bigint generated always as identity primary key,
  campaign_id uuid not null,
  user_id uuid,
  action text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index campaign_audit_logs_campaign_idx on campaign_audit_logs (campaign_id, id);
create index campaign_audit_logs_created_at_idx on campaign_audit_logs (created_at);

-- Processes that may take campaigns; who registered before a holder's last renewal may take over from it.
create table workers (
  id uuid primary key,
  host text not null,
  pid integer not null,
  started_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null default clock_timestamp()
);

create index campaigns_preparing_idx on campaigns (created_at) where preparing;
