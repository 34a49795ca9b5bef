-- Events as operators see them: bots' logs, traces, what was given up by hand, and how long all that
-- is kept.

create table bot_log (
  -- The order of a log, as far as there is one: hosts write at the same time.
  log_id     bigint generated always as identity primary key,
  project_id uuid not null references project on delete cascade,
  -- Null: logged while a version was deployed or started. No foreign key: logs have an age of their
  -- own.
  event_id   bigint,
  run_id     uuid,
  version_id uuid,
  level      smallint not null,                    -- 0 trace, 1 debug, 2 info, 3 warn, 4 error
  at         timestamptz not null,
  message    text not null,

  constraint bot_log_level_known check (level between 0 and 4)
);

-- Reading from the newest back, following, and retention from the oldest on.
create index bot_log_of_project on bot_log (project_id, log_id);

create index bot_log_of_event on bot_log (project_id, event_id, log_id)
  where event_id is not null;

-- W3C Trace Context of the span that stored it, so that the run is in the same trace on any host.
-- Null while tracing is off.
alter table event add column traceparent text;

-- When a person gave up a dead event. Its state is `done` then: it must still find duplicates.
alter table event add column discarded_at timestamptz;

-- How long events, runs, sends and messages of a project are kept; null: as the host says. Never
-- below Meta's seven days of repeats, of which done events are the memory.
alter table project add column retention_days integer
  constraint project_retention_covers_repeats check (retention_days between 8 and 3650);

alter table project add column log_retention_days integer
  constraint project_log_retention_known check (log_retention_days between 1 and 3650);
