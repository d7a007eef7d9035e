-- A channel named by its token: both columns, so that somebody else's token and one that nobody has are looked for in the
-- same way and neither leads to a row.
create index channels_token_hash on channels (token_hash, user_id) where deleted_at is null;
