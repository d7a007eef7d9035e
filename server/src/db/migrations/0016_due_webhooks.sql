-- How many messages a stored webhook speaks of: a batch is so many of them, and not so many webhooks.
alter table webhook_inbox add column receipts integer not null default 1;

-- What is due stands together: hundreds of thousands of reports that wait for their next try are not read to find it.
create index webhook_inbox_due_idx on webhook_inbox (coalesce(retry_at, '-infinity'), id) where not is_connection;
