-- Versions that are built in the background, and environments.
--
-- An environment is what a bot finds in `process.env`: its secrets and what the host sets. What
-- serves is a sealed copy of it, so that every host can make the same image, and so that a secret
-- the bot cannot start with leaves the environment before it serving.

alter table project
  -- The number of the last version.
  add column last_version integer not null default 0,
  -- Counts changes of what a host keeps ready for a version, besides the version: number, token,
  -- environment, webhook path. A claim carries it, so that no host goes on with what it knew.
  add column generation bigint not null default 1,
  add column environment_id uuid,
  -- Counts changes of what an environment is made of, and how many of them were looked at.
  add column environment_wanted bigint not null default 1,
  add column environment_seen bigint not null default 1,
  -- Why the bot did not start with its last environment; null: it did, or has yet to.
  add column environment_error text;

create table environment (
  project_id   uuid not null references project on delete cascade,
  environment_id uuid not null,
  -- Tells two environments apart, and nothing of what is in them: made with the master key.
  fingerprint  text not null,
  sealed       bytea not null,
  created_at   timestamptz not null default now(),

  primary key (project_id, environment_id),
  constraint environment_is_new unique (project_id, fingerprint)
);

alter table project
  add constraint project_environment_is_own
  foreign key (project_id, environment_id) references environment (project_id, environment_id);

-- Environments that wait to be tried.
create index project_environment_due on project (project_id)
  where environment_seen < environment_wanted;

-- By triggers, because whatever changes one of these must not forget the counter.
create function project_changes() returns trigger language plpgsql as $$
begin
  new.generation := old.generation + 1;
  return new;
end $$;

create trigger project_changes before update on project for each row
  when (row(old.name, old.webhook_path, old.environment_id)
        is distinct from row(new.name, new.webhook_path, new.environment_id))
  execute function project_changes();

create function environment_changes() returns trigger language plpgsql as $$
begin
  update project set environment_wanted = environment_wanted + 1
  where project_id = coalesce(new.project_id, old.project_id);
  return null;
end $$;

create trigger secret_changes_environment after insert or update or delete on secret
  for each row execute function environment_changes();

-- A token changes nothing in the environment: it is the host's, and serves at once.
create function number_changes() returns trigger language plpgsql as $$
begin
  update project
  set generation = generation + 1, environment_wanted = environment_wanted + 1
  where project_id = coalesce(new.project_id, old.project_id);
  return null;
end $$;

create trigger number_changes_project after insert or update or delete on number
  for each row execute function number_changes();

alter table version
  -- v1, v2 ... of its project.
  add column number integer not null default 0,
  add column kind text not null default 'folder',
  -- Who deployed it, as they call their token.
  add column created_by text not null default '',
  add column message text,
  -- Of what was uploaded.
  add column source_sha256 text,
  add column source_bytes bigint,
  -- The files it was built of, with their digests; null: it came as a component.
  add column source_files json,
  -- Against the version before: names of files added, changed and removed.
  add column changes json,
  -- Whether it is to serve once it is ready.
  add column serves_when_ready boolean not null default true,
  add column error text,
  -- The host that builds it, and until when it may be silent.
  add column lease uuid,
  add column lease_owner text,
  add column lease_until timestamptz,
  add column attempts integer not null default 0,
  add column started_at timestamptz,
  add column finished_at timestamptz,
  -- All three are found out by building.
  alter column component_sha256 drop not null,
  alter column entry drop not null,
  alter column webhook_path drop not null,
  alter column state set default 'building';

update version v set number = n.nth, finished_at = v.created_at
from (select version_id, row_number() over (partition by project_id order by version_id) as nth
      from version) n
where n.version_id = v.version_id;

update project p set last_version = v.last
from (select project_id, max(number) as last from version group by project_id) v
where v.project_id = p.project_id;

update version set state = 'failed', error = 'the host stopped while it built this version'
where state = 'preparing';

alter table version
  drop constraint version_state_known,
  add constraint version_state_known
    check (state in ('preparing', 'queued', 'building', 'checking', 'ready', 'failed')),
  add constraint version_kind_known check (kind in ('folder', 'component')),
  add constraint version_ready_is_whole
    check (state <> 'ready' or num_nulls(component_sha256, entry, webhook_path) = 0),
  add constraint version_number_is_new unique (project_id, number);

-- Builds to take up.
create index version_unbuilt on version (created_at) where state in ('queued', 'building', 'checking');

-- Artifacts that nobody needs any more.
create index version_artifact on version (component_sha256);

create function version_gets_its_number() returns trigger language plpgsql as $$
begin
  update project set last_version = last_version + 1 where project_id = new.project_id
  returning last_version into new.number;
  -- Without a project: the foreign key says so.
  new.number := coalesce(new.number, 0);
  return new;
end $$;

create trigger version_gets_its_number before insert on version
  for each row execute function version_gets_its_number();

-- What was uploaded, until it is built.
create table upload (
  project_id uuid not null,
  version_id uuid not null,
  bytes      bytea not null,

  primary key (project_id, version_id),
  foreign key (project_id, version_id) references version on delete cascade
);

-- Uploads are compressed already.
alter table upload alter column bytes set storage external;

-- Built code by its digest, for every host to serve. It has seen no secret.
create table artifact (
  sha256     text primary key,
  bytes      bytea not null,
  created_at timestamptz not null default now(),

  constraint artifact_hash_is_sha256 check (sha256 ~ '^[0-9a-f]{64}$')
);

create table version_log (
  project_id uuid not null,
  version_id uuid not null,
  line       integer not null,                     -- from 1
  level      text not null,
  text       text not null,
  at         timestamptz not null default now(),

  primary key (project_id, version_id, line),
  foreign key (project_id, version_id) references version on delete cascade,
  constraint version_log_level_known check (level in ('trace', 'debug', 'info', 'warn', 'error'))
);
