-- The zone in which the texts of a campaign speak of date and time: taken over when it starts for the first time, so
-- that a resend says the same also after the zone of its window was changed.
alter table campaigns add column content_zone text;
-- What has started spoke of this zone until now.
update campaigns set content_zone = 'America/Sao_Paulo' where started_at is not null;

-- Its step goes out as text, because the file could not be sent: every further attempt must say the same.
alter table campaign_contacts add column uses_fallback boolean not null default false;

-- Files that messages carry. The same bytes are stored once for each account.
create table media (
  user_id uuid not null references users (id),
  id uuid not null default gen_random_uuid(),
  -- Null while its bytes arrive: until then nobody sees it.
  sha256 bytea,
  kind text not null check (kind in ('image', 'video', 'audio', 'document')),
  mime_type text not null,
  file_name text not null,
  bytes bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  primary key (user_id, id)
);

create unique index media_content_key on media (user_id, sha256, mime_type) where sha256 is not null;
create index media_list_idx on media (user_id, created_at desc, id desc) where sha256 is not null;
create index media_arriving_idx on media (created_at) where sha256 is null;

-- API and workers may be on different hosts.
create table media_chunks (
  user_id uuid not null,
  media_id uuid not null,
  seq integer not null,
  bytes bytea not null,
  primary key (user_id, media_id, seq),
  foreign key (user_id, media_id) references media (user_id, id) on delete cascade
);

-- Pictures and videos are compressed already.
alter table media_chunks alter column bytes set storage external;

-- Messages under a name, to begin campaigns with.
create table message_templates (
  user_id uuid not null references users (id),
  id uuid not null default gen_random_uuid(),
  name text not null,
  messages jsonb not null,
  -- The variables that they speak of: reading them out of two hundred templates would hold up everybody else.
  needs jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (user_id, id)
);

create unique index message_templates_name_key on message_templates (user_id, lower(name));
create index message_templates_list_idx on message_templates (user_id, created_at desc, id desc);
