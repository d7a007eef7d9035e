-- A person of an account. The phone is canonical E.164, so one person is one row whatever the spelling.
-- No foreign key to users: checking it costs a fifth of an import. contact_imports has one.
create table contacts (
  user_id uuid not null,
  id bigint generated always as identity,
  phone text not null,
  name text not null default '',
  -- Every column of the files the person came in, under its header; never null values.
  variables jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, phone)
);

-- One uploaded file. Its counts are written with the rows they count: rows = accepted + duplicates + rejected.
create table contact_imports (
  user_id uuid not null references users (id),
  id uuid not null default gen_random_uuid(),
  file_name text not null,
  status text not null default 'uploading'
    check (status in ('uploading', 'running', 'completed', 'failed', 'cancelled')),
  default_country text not null,
  bytes_total bigint not null default 0,
  bytes_read bigint not null default 0,
  rows integer not null default 0,
  accepted integer not null default 0,
  created integer not null default 0,
  duplicates integer not null default 0,
  rejected integer not null default 0,
  warnings integer not null default 0,
  columns jsonb not null default '[]',
  encoding text,
  delimiter text,
  failure jsonb,
  -- Who uploads or imports it now. An expired lease means that the process is gone.
  lease_owner uuid,
  lease_expires_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (user_id, id),
  unique (id),
  check (rows = accepted + duplicates + rejected)
) with (fillfactor = 70);

create index contact_imports_list_idx on contact_imports (user_id, created_at desc, id desc);
create index contact_imports_open_idx on contact_imports (created_at) where status in ('uploading', 'running');

-- The people of one import: the audience of a campaign that names it.
create table import_contacts (
  user_id uuid not null,
  import_id uuid not null,
  contact_id bigint not null,
  line integer not null,
  created boolean not null,
  primary key (user_id, import_id, contact_id)
);

-- Rows that became nobody, as they stood in the file. Line counts from 1, the header included.
create table import_rejections (
  user_id uuid not null,
  import_id uuid not null,
  line integer not null,
  reason text not null,
  field text not null,
  cells jsonb not null,
  primary key (user_id, import_id, line)
);

-- What was noticed in rows that became somebody; one row of the file can have several.
create table import_warnings (
  user_id uuid not null,
  import_id uuid not null,
  line integer not null,
  reason text not null,
  field text not null,
  phone text not null,
  others jsonb not null default '[]',
  cells jsonb not null,
  primary key (user_id, import_id, line, reason)
);

-- Bytes on their way from the upload to the import: API and workers may be on different hosts.
create table upload_chunks (
  user_id uuid not null,
  upload_id uuid not null,
  seq integer not null,
  bytes bytea not null,
  primary key (user_id, upload_id, seq)
);

-- They live for minutes: compressing them costs more than it saves.
alter table upload_chunks alter column bytes set storage external;
