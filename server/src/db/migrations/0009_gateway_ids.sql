-- The gateway's own id of the message of the present step, and of finished ones: a receipt that does not repeat our id
-- is found by it. Gateways that use our id leave it empty.
alter table campaign_contacts add column gateway_id text;
alter table campaign_contact_steps add column gateway_id text;

create index campaign_contacts_gateway_id_idx on campaign_contacts (user_id, gateway_id) where gateway_id is not null;
create index campaign_contact_steps_gateway_id_idx on campaign_contact_steps (user_id, gateway_id)
  where gateway_id is not null;

-- A receipt can be here before the id that it names: it waits a little, and is tried again.
alter table webhook_inbox
  add column tries smallint not null default 0,
  add column retry_at timestamptz,
  -- About the number and not about messages: applied apart, at once and in order.
  add column is_connection boolean not null default false;

create index webhook_inbox_connection_idx on webhook_inbox (channel_id, id) where is_connection;
