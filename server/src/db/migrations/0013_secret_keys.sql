-- The key ring: what seals and what hashes, each key sealed in turn under SECRET_KEY. `id` is what a sealed value begins
-- with. While SECRET_KEY is being changed there are two keys that seal; `handover` is then the new one sealed under the
-- one before, for processes that were started with an earlier SECRET_KEY.
create table secret_keys (
  id text primary key check (id ~ '^[0-9a-f]{8}$'),
  purpose text not null check (purpose in ('seal', 'hash')),
  is_current boolean not null default true,
  sealed bytea not null,
  handover bytea,
  created_at timestamptz not null default clock_timestamp()
);

create unique index secret_keys_current_key on secret_keys (purpose) where is_current;

-- Processes that hold the ring in memory, and the newest key that each of them knows: the change waits for them.
create table secret_key_holders (
  process_id uuid primary key,
  key_id text not null,
  seen_at timestamptz not null default clock_timestamp()
);

-- A process that missed a change still holds a key that is gone: what it seals nobody could open any more. The names of
-- the sealed columns are the trigger's arguments.
create function refuse_unknown_key() returns trigger language plpgsql as $$
declare
  column_name text;
  shown text;
begin
  foreach column_name in array tg_argv loop
    shown := to_jsonb(new) ->> column_name;
    continue when shown is null or length(shown) < 10;
    perform from secret_keys where id = substr(shown, 3, 8) for key share;
    continue when found;
    -- Without a ring there is nothing to miss.
    perform from secret_keys limit 1;
    if found then
      raise exception 'sealed with a key that is not in the ring' using errcode = 'RV001';
    end if;
  end loop;
  return new;
end
$$;

create trigger channels_known_key before insert or update of token_ciphertext, webhook_key_ciphertext on channels
  for each row execute function refuse_unknown_key('token_ciphertext', 'webhook_key_ciphertext');
create trigger second_factors_known_key before insert or update of secret on second_factors
  for each row execute function refuse_unknown_key('secret');
