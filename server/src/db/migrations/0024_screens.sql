-- Since when a campaign is paused.
alter table campaigns add column paused_at timestamptz;
update campaigns c
set paused_at = coalesce((select max(a.created_at) from campaign_audit_logs a where a.campaign_id = c.id), c.created_at)
where c.status = 'paused';

-- Campaigns whose receipts may still come, and those paused a short while ago, without a look at all the others.
create index campaigns_ended_idx on campaigns (coalesce(finished_at, paused_at)) where kind = 'campaign';

-- When the message was accepted and when it was delivered, kept as the recipient moves on: `status_at` has the last of
-- them. Receipts alone write these, so that sending costs nothing more.
alter table campaign_contacts
  add column sent_at timestamptz,
  add column delivered_at timestamptz;

-- Failures and omissions by reason, counted without a look at the rows; a message that goes well is not in here.
create index campaign_contacts_reason_idx on campaign_contacts (user_id, campaign_id, status, error_category, error_code)
  where status in ('failed', 'skipped');

-- The counters of a campaign as they stood now and then: sums since its start, so that one row lost or too many changes
-- no total. See reports/CountSampler.ts.
create table campaign_samples (
  user_id uuid not null,
  campaign_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  accepted integer not null,
  delivered integer not null,
  read integer not null,
  failed integer not null,
  primary key (user_id, campaign_id, at)
);
create index campaign_samples_at_idx on campaign_samples (user_id, at);

-- What was sent before stands where it ended, or here: it is not of today.
insert into campaign_samples (user_id, campaign_id, at, accepted, delivered, read, failed)
select c.user_id, c.id, coalesce(c.finished_at, clock_timestamp()), k.sent + k.delivered + k.read, k.delivered + k.read,
  k.read, k.failed
from campaigns c join campaign_counts k on k.user_id = c.user_id and k.campaign_id = c.id
where c.kind = 'campaign' and k.sent + k.delivered + k.read + k.failed > 0;

-- What the page of a new campaign holds, kept as it is typed. Text and not jsonb, because jsonb refuses characters that
-- people can type.
create table campaign_drafts (
  user_id uuid not null references users (id) on delete cascade,
  id uuid not null,
  name text not null,
  data text not null,
  revision integer not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (user_id, id)
);
create index campaign_drafts_list_idx on campaign_drafts (user_id, created_at desc, id desc);

-- Whom an account cannot reach on WhatsApp, counted without a look at all the others.
create index phone_checks_missing_idx on phone_checks (user_id, phone) where not is_on_whatsapp;
