-- When a campaign starts (instant, and what was meant), when it may send, and whether it goes on by itself once its
-- number is connected again.
alter table campaigns
  add column time_zone text not null default 'America/Sao_Paulo',
  add column scheduled_wall_time text,
  add column scheduled_offset text,
  add column sending_window jsonb,
  add column auto_resume boolean not null default false,
  add column slow_until timestamptz;

create index campaigns_auto_resume_idx on campaigns (channel_id) where status = 'paused' and auto_resume;
