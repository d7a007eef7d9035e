-- Where numbers without a country code are at home when nobody says so (ISO 3166-1).
alter table users add column default_country text not null default 'BR' check (default_country ~ '^[A-Z]{2}$');
