-- A file may wait for a person who says which column is what, and what an import created can be taken out again.
alter table contact_imports
  drop constraint contact_imports_status_check,
  add constraint contact_imports_status_check check (
    status in ('uploading', 'preview', 'running', 'completed', 'failed', 'cancelled', 'undoing', 'undone')
  ),
  -- Of a workbook: the sheet that is read; null for its first.
  add column sheet text,
  -- Which column is what. Decided once, so that whoever goes on after a crash reads the rest in the same way.
  add column mapping jsonb,
  -- How far taking out has come, what was removed, and why the rest stayed.
  add column undo jsonb;

drop index contact_imports_open_idx;
create index contact_imports_open_idx on contact_imports (created_at)
  where status in ('uploading', 'preview', 'running', 'undoing');

-- What somebody said about the columns of a file, for the next file with the same headers.
create table import_mappings (
  user_id uuid not null references users (id) on delete cascade,
  -- SHA-256 of the headers without case, accents and signs.
  header_hash bytea not null,
  mapping jsonb not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (user_id, header_hash)
);
