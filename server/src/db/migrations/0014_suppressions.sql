-- Whom an account must not write to. The keyed hash of the canonical phone finds a person also after everything else of
-- theirs is erased; the phone itself is kept only until then.
create table suppressions (
  user_id uuid not null references users (id),
  phone_hash bytea not null,
  id uuid not null default gen_random_uuid(),
  phone text,
  reason text not null check (reason in ('opted_out', 'complained', 'manual', 'erased')),
  source text not null check (source in ('api', 'erasure')),
  note text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (user_id, phone_hash),
  unique (user_id, id),
  check ((phone is null) = (reason = 'erased')),
  check (phone is not null or note is null)
);

-- Claims and expansions look a phone up in here.
create unique index suppressions_phone_key on suppressions (user_id, phone) where phone is not null;
create index suppressions_list_idx on suppressions (user_id, created_at desc, id desc);
create index suppressions_erased_idx on suppressions (user_id) where phone is null;

-- Rises with every change of an account's suppressions, in the same transaction: whoever holds people in memory sees by
-- one number whether to look again.
create table suppression_versions (
  user_id uuid primary key references users (id),
  version bigint not null
);

-- The application may only add to the error log. Of a person who was erased the texts go all the same, because a gateway
-- may have put the number into them; the row stays, so that every failed attempt is still counted.
create function blank_error_texts(of_user uuid, of_campaigns uuid[], of_recipients bigint[]) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  blanked integer;
begin
  update public.campaign_error_logs e set error_message = '', stack_trace = null
  from unnest(of_campaigns, of_recipients) as i(campaign_id, id)
  join public.campaign_contacts c on c.user_id = of_user and c.campaign_id = i.campaign_id and c.id = i.id
  where e.user_id = of_user and e.campaign_id = i.campaign_id and e.contact_id = i.id and c.phone like 'erased:%';
  get diagnostics blanked = row_count;
  return blanked;
end $$;
