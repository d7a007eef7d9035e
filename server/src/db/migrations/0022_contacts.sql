-- Groups and tags of contacts. `members` is kept by the trigger below, so that no list has to count a million rows.
create table contact_labels (
  user_id uuid not null references users (id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  kind text not null check (kind in ('group', 'tag')),
  name text not null,
  members integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  primary key (user_id, id)
) with (fillfactor = 50);

create unique index contact_labels_name_key on contact_labels (user_id, kind, lower(name));
create index contact_labels_list_idx on contact_labels (user_id, kind, created_at desc, id desc);

create table contact_label_members (
  user_id uuid not null,
  label_id uuid not null,
  contact_id bigint not null,
  primary key (user_id, label_id, contact_id),
  foreign key (user_id, label_id) references contact_labels (user_id, id) on delete cascade
);
create index contact_label_members_contact_idx on contact_label_members (user_id, contact_id);

create function count_label_members() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    update public.contact_labels l set members = l.members + n.count
    from (select user_id, label_id, count(*) as count from changed group by 1, 2) n
    where l.user_id = n.user_id and l.id = n.label_id;
  else
    update public.contact_labels l set members = l.members - n.count
    from (select user_id, label_id, count(*) as count from changed group by 1, 2) n
    where l.user_id = n.user_id and l.id = n.label_id;
  end if;
  return null;
end $$;

create trigger contact_label_members_added after insert on contact_label_members
  referencing new table as changed for each statement execute function count_label_members();
create trigger contact_label_members_removed after delete on contact_label_members
  referencing old table as changed for each statement execute function count_label_members();

-- Whoever deletes contacts, their memberships go with them. Not a foreign key: that would be looked at row by row, and
-- a list may get a million people in one go.
create function forget_label_members() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  delete from public.contact_label_members m using gone g where m.user_id = g.user_id and m.contact_id = g.id;
  return null;
end $$;

create trigger contacts_removed after delete on contacts
  referencing old table as gone for each statement execute function forget_label_members();

-- The beginning of a name finds its people among a million.
create index contacts_name_idx on contacts (user_id, lower(name) text_pattern_ops) where name <> '';

alter table campaign_sources
  drop constraint campaign_sources_kind_check,
  add constraint campaign_sources_kind_check check (kind in ('typed', 'import', 'unreached', 'label')),
  add column label_id uuid;

-- Whom a campaign leaves out, and how many of those chosen were left out for which reason (they are in the books as
-- skipped). At most `cap_count` campaigns or messages to one person in `cap_days` days, this one included.
alter table campaigns
  add column exclude_campaign_ids uuid[] not null default '{}',
  add column cap_count integer check (cap_count > 0),
  add column cap_days integer check (cap_days > 0),
  add column suppressed integer not null default 0,
  add column excluded integer not null default 0,
  add column recently_written integer not null default 0,
  add column lacking_variables integer not null default 0;

-- Accounts that have used a frequency cap: from then on their claims are noted in contact_sends. `ready` once what was
-- sent before is noted too, up to (fill_campaign, fill_recipient). cap_*: the cap for all campaigns of the account.
create table send_histories (
  user_id uuid primary key references users (id) on delete cascade,
  cap_count integer check (cap_count > 0),
  cap_days integer check (cap_days > 0),
  ready boolean not null default false,
  fill_campaign uuid not null default '00000000-0000-0000-0000-000000000000',
  fill_recipient bigint not null default 0
);
create index send_histories_unready_idx on send_histories (user_id) where not ready;

-- Where to look whether somebody was written to: one row a person and campaign, from the claim on. What became of it
-- stands in campaign_contacts alone, so a row here that was given back or failed needs no correction.
create table contact_sends (
  user_id uuid not null,
  phone text not null,
  campaign_id uuid not null,
  recipient_id bigint not null,
  sent_at timestamptz not null,
  primary key (user_id, phone, campaign_id)
);
create index contact_sends_sent_at_idx on contact_sends (sent_at);

-- Whether a recipient may have got something: an accepted message, one under way, one of which nobody knows.
create function may_have_received(status text, maybe_sent boolean, step smallint) returns boolean
language sql immutable parallel safe as $$
  select status in ('sending', 'retrying', 'sent', 'delivered', 'read', 'unknown') or maybe_sent or step > 0
$$;

-- Whether a cap of this campaign or of its account is reached for a person. Volatile, so that it sees what was committed
-- after the statement around it began: two lanes that claim one person take turns by a lock of the account.
create function is_recently_written(of_user uuid, of_campaign uuid, of_phone text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  return exists (
    select from (
      select p.cap_count as most, p.cap_days as days from public.campaigns p
      where p.user_id = of_user and p.id = of_campaign and p.cap_count is not null
      union all
      select h.cap_count, h.cap_days from public.send_histories h where h.user_id = of_user and h.cap_count is not null
    ) cap
    where (
      select count(*) from public.contact_sends s
      join public.campaign_contacts r
        on r.user_id = s.user_id and r.campaign_id = s.campaign_id and r.id = s.recipient_id
      where s.user_id = of_user and s.phone = of_phone and s.campaign_id <> of_campaign
        and s.sent_at > clock_timestamp() - make_interval(days => cap.days)
        and public.may_have_received(r.status, r.maybe_sent, r.step)
    ) >= cap.most
  );
end $$;
