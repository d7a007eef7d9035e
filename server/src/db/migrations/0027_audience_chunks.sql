-- Parts of a long list that can be expanded beside each other: each is taken by one transaction, which makes its
-- recipients and notes what it made of them. Only when all are done does the campaign's own row go on: chunks that
-- locked it would wait for each other.
create table campaign_chunks (
  user_id uuid not null,
  campaign_id uuid not null,
  -- Number of the first recipient; the numbers of the chunks before it are left to them.
  first_recipient bigint not null,
  source integer not null,
  after_key bigint not null,
  last_key bigint not null,
  -- What became of its people, in numbers; null until it is done.
  made jsonb,
  primary key (user_id, campaign_id, first_recipient)
);

-- The planner needs to know how a campaign's rows spread over states, numbers and phones, not what people are called.
alter table campaign_contacts
  alter column variables set statistics 0, alter column name set statistics 0, alter column send_to set statistics 0;
