-- Creations asked for under an Idempotency-Key, for 24 hours. The answer is written in the transaction of the creation,
-- sealed; until then the claim says which request is at work, and an expired one that it died.
create table idempotency_keys (
  user_id uuid not null references users (id) on delete cascade,
  route text not null,
  key_hash bytea not null,
  request_hash bytea not null,
  claim uuid not null,
  -- Null once the answer is final.
  claim_expires_at timestamptz,
  answer bytea,
  expires_at timestamptz not null,
  primary key (user_id, route, key_hash)
);

create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);

-- A campaign to those whom an earlier one did not reach, and that earlier one as the source of its people.
alter table campaigns add column retry_of uuid;

alter table campaign_sources
  drop constraint campaign_sources_kind_check,
  add constraint campaign_sources_kind_check check (kind in ('typed', 'import', 'unreached')),
  add column from_campaign_id uuid,
  add column categories text[],
  add column includes_unknown boolean not null default false;
