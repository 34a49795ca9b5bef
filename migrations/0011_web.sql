-- Resident instances: which host keeps a project's one live instance.

-- An operator's choice of how long an instance lives; null: what the version's package.json says.
alter table project
  add column instance text,
  add constraint project_instance_known check (instance in ('fresh', 'resident'));

-- A project's memory is on one host: while a row is in force, only its owner claims events of the
-- project, and one at a time. The owner extends it while the instance lives. Times are the
-- database's, so that hosts need not agree on theirs.
create table residency (
  project_id uuid primary key references project on delete cascade,
  owner      text not null,
  until      timestamptz not null
);
