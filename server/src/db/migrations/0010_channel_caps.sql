-- How many messages a number may send in a day of its zone, and how many requests of `cap_day` have been promised to
-- whoever holds its lane; what did not leave is given back.
alter table channels
  add column daily_cap integer check (daily_cap > 0),
  add column time_zone text not null default 'America/Sao_Paulo',
  add column cap_day date,
  add column cap_used integer not null default 0 check (cap_used >= 0);
