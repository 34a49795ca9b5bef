-- Projects: one bot each, with its number, its secrets and its versions.
--
-- Every column named `*_sealed` holds what `projects/vault.rs` sealed. The master key is never in
-- this database, and a sealed value opens only in the table, column and project it was sealed for.

create table project (
  project_id          uuid primary key,            -- version 7: time-ordered
  name                text not null,
  status              text not null default 'active',
  -- Where the bot's own schema is. All null until the project is provisioned.
  cell_database       text,
  cell_schema         text,
  cell_role           text,
  -- What the bot believes to be its app's: the host signs what it delivers with them. Never Meta's.
  verify_token_sealed bytea not null,
  app_secret_sealed   bytea not null,
  -- An operator's choice of the route that gets events; null: what the version says.
  webhook_path        text,
  active_version_id   uuid,
  created_at          timestamptz not null default now(),

  constraint project_name_is_new unique (name),
  -- A name is also a label in the bot's own host name.
  constraint project_name_is_a_label check (name ~ '^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$'),
  constraint project_status_known check (status in ('active', 'suspended')),
  constraint project_placement_whole
    check (num_nulls(cell_database, cell_schema, cell_role) in (0, 3)),
  constraint project_schema_is_own unique (cell_database, cell_schema),
  -- Roles belong to a whole cluster, so the database does not tell two apart.
  constraint project_role_is_own unique (cell_role)
);

create table number (
  phone_number_id      text primary key,           -- Meta's id; what a webhook is routed by
  project_id           uuid not null references project on delete cascade,
  waba_id              text not null,
  display_phone_number text not null,
  token_sealed         bytea not null,
  created_at           timestamptz not null default now(),

  constraint number_one_per_project unique (project_id)
);

-- Administrative webhooks name the account only.
create index number_waba on number (waba_id);

create table secret (
  project_id   uuid not null references project on delete cascade,
  name         text not null,
  value_sealed bytea not null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),

  primary key (project_id, name),
  -- Secrets reach the bot as environment variables.
  constraint secret_name_is_a_variable check (name ~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$')
);

create table version (
  project_id       uuid not null references project on delete cascade,
  version_id       uuid not null,
  component_sha256 text not null,                  -- names the artifact, kept elsewhere
  entry            text not null,
  webhook_path     text not null,
  -- What the deploy had to say. `json`, not `jsonb`: it may quote source text, and jsonb refuses
  -- \u0000.
  notes            json not null default '[]',
  state            text not null default 'preparing',
  created_at       timestamptz not null default now(),

  primary key (project_id, version_id),
  constraint version_hash_is_sha256 check (component_sha256 ~ '^[0-9a-f]{64}$'),
  constraint version_state_known check (state in ('preparing', 'ready', 'failed'))
);

-- The pair, so that a project can only ever serve a version of its own.
alter table project
  add constraint project_active_version_is_own
  foreign key (project_id, active_version_id) references version (project_id, version_id);
