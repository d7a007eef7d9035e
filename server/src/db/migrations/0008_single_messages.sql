-- A single message is a campaign of one: same rows, same claims, same books, but in no list of campaigns, and first on
-- its lane.
alter table campaigns
  add column kind text not null default 'campaign' check (kind in ('campaign', 'single')),
  -- A single message's place in the queue of its channel: when it was started, or when its next attempt is due.
  add column due_at timestamptz,
  -- Cancelled, and rows may still be open.
  add column closing boolean not null default false;

update campaigns set closing = true where status = 'cancelled';

drop index campaigns_list_idx;
create index campaigns_list_idx on campaigns (user_id, kind, created_at desc, id desc) where deleted_at is null;
-- Ten thousand single messages may wait on one channel: whoever asks for its campaigns, or for the next message, must
-- not meet the others.
create index campaigns_running_idx on campaigns (kind, channel_id, due_at, id) where status = 'running' and deleted_at is null;
create index campaigns_due_idx on campaigns (scheduled_at, id) where status = 'scheduled' and deleted_at is null;
create index campaigns_closing_idx on campaigns (id) where closing;

-- Why single messages of a channel wait, and since when; after that they go slower for a while.
alter table channels
  add column held_reason text check (held_reason in ('disconnected', 'unauthorized', 'blocked', 'storage')),
  add column held_at timestamptz,
  add column slow_until timestamptz;
