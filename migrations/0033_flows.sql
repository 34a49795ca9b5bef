-- A project's Flows: what it calls them, what they are at Meta, and where their data goes. Whose a Flow of an
-- account is says `account_object`.

create table flow (
  project_id        uuid not null references project on delete cascade,
  -- As the bot and its folder say it: `flows/NAME.json`.
  name              text not null,
  waba_id           text not null,
  -- Meta's.
  flow_id           text not null,
  -- As Meta lists it: another name when that was taken in the account.
  meta_name         text not null,
  -- Meta's words, which may be new: no constraint.
  status            text not null,
  categories        text[] not null,
  json_version      text,
  data_api_version  text,
  -- Who answers its data requests: nobody, this host for the bot, or somebody else, encrypted as they come.
  endpoint          text not null default 'none',
  endpoint_uri      text,
  -- The bot's route that gets plain data requests; null: `/flows/NAME`.
  route             text,
  -- What was uploaded last, as it was written. Text, because it may hold \u0000.
  json              text,
  json_sha256       text,
  -- The one that was published last.
  published_sha256  text,
  -- As Meta told it.
  validation_errors json not null default '[]',
  -- What a phone last complained of to the endpoint: Meta's word for it.
  complaint         text,
  complained_at     timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  -- When Meta last told of it.
  seen_at           timestamptz not null default now(),

  primary key (project_id, name),
  constraint flow_is_one unique (flow_id),
  constraint flow_endpoint_known check (endpoint in ('none', 'host', 'own'))
);
