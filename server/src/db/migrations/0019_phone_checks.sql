-- What a gateway said about a number. Whatever an account sends shares these answers.
create table phone_checks (
  user_id uuid not null references users (id),
  phone text not null,
  is_on_whatsapp boolean not null,
  -- As the gateway gave it.
  jid text,
  -- The address to send to where it is another than the number: of old Brazilian accounts the one without the ninth digit.
  send_to text,
  channel_id uuid not null,
  checked_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  primary key (user_id, phone),
  check (is_on_whatsapp or jid is null),
  check (jid is not null or send_to is null)
);

-- Claims look an address up in here, and see by it at once whether the account has any.
create unique index phone_checks_send_to_idx on phone_checks (user_id, phone) where send_to is not null;
create index phone_checks_expires_idx on phone_checks (expires_at);

-- When a channel asked for numbers within the last hour, one entry a number; `granted` is what the last question was given.
create table phone_check_budgets (
  user_id uuid not null references users (id),
  channel_id uuid not null,
  asked timestamptz[] not null,
  granted integer not null,
  primary key (user_id, channel_id)
);

-- Where the messages of a step go, stamped with rendered_at: a resend goes to the same address. Null is the number itself.
alter table campaign_contacts add column send_to text;
