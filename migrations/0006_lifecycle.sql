-- The life of a project: how it is provisioned, how its number is connected at Meta, how it goes.

alter table project
  -- Null while the first provisioning is not over. Projects from before have theirs.
  add column provisioned_at timestamptz default now(),
  -- Set: the project is being deleted, and from then on everything of it may go.
  add column delete_after   timestamptz,
  -- What it is again when the deletion is undone.
  add column was_suspended  boolean not null default false,
  -- Whether its first provisioning goes on until something was deployed.
  add column wants_deploy   boolean not null default false,
  -- So that no host, of whatever version, runs events of a project that is going.
  add constraint project_going_does_not_run check (delete_after is null or status = 'suspended');

-- Who is due. Few rows: most projects stay.
create index project_delete_after on project (delete_after) where delete_after is not null;

-- What Meta said of the number when it was last asked.
alter table number
  add column verified_name  text,
  add column quality_rating text,
  add column meta_status    text,
  -- Null until every step of connecting it was done.
  add column connected_at   timestamptz;

-- The number that a project is to have: written down when it is asked for, gone when it is connected.
create table number_wish (
  project_id      uuid primary key references project on delete cascade,
  phone_number_id text not null,
  waba_id         text not null,
  token_sealed    bytea not null,
  -- Of two-step verification; only needed when Meta has to register the number.
  pin_sealed      bytea,
  requested_at    timestamptz not null default now()
);

-- Numbers that a project had, until Meta was told. One that may come back, because its project may,
-- stays until then.
create table number_leaving (
  project_id      uuid not null references project on delete cascade,
  phone_number_id text not null,
  waba_id         text not null,
  token_sealed    bytea not null,
  deregister      boolean not null,
  comes_back      boolean not null,
  told_at         timestamptz,
  left_at         timestamptz not null default now(),

  primary key (project_id, phone_number_id)
);

-- The steps of a project's provisioning and removal: the latest state of each.
--
-- `next_try_at` is when a step may be claimed: at once, after a back-off, or when the lease of the
-- host that runs it is over.
create table step (
  project_id  uuid not null references project on delete cascade,
  step        text not null,
  chain       text not null,
  position    smallint not null,                   -- those before it in its chain come first
  state       text not null default 'waiting',
  attempts    integer not null default 0,
  started_at  timestamptz,
  ended_at    timestamptz,
  error       text,                                -- a sentence for the project's owner
  note        text,                                -- likewise: what was found, or why it was left out
  next_try_at timestamptz not null default now(),
  lease       uuid,                                -- its fencing token
  lease_owner text,

  primary key (project_id, step),
  constraint step_chain_known check (chain in ('provision', 'release', 'removal')),
  constraint step_state_known check (state in ('waiting', 'running', 'done', 'failed', 'skipped')),
  constraint step_leased_while_it_runs check ((state = 'running') = (lease is not null))
);

create index step_due on step (next_try_at) where state in ('waiting', 'running');

-- Each change of a step, to be followed live. Its number is what a follower resumes after.
create table step_change (
  change_id   bigint generated always as identity primary key,
  project_id  uuid not null references project on delete cascade,
  step        text not null,
  state       text not null,
  attempts    integer not null,
  error       text,
  note        text,
  next_try_at timestamptz,
  at          timestamptz not null default now()
);

create index step_change_of_project on step_change (project_id, change_id);
