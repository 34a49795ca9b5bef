-- Fairness: what a project may use, what runs first, and what is not worth running any more.
--
-- Hosts of the version before go on working: what they write has the defaults.

alter table project
  -- Runs at once on all hosts together; null: what the hosts say.
  add column max_running       integer,
  -- Runs that may begin in a minute; null: no limit.
  add column events_per_minute integer,
  add constraint project_max_running_positive check (max_running > 0) not valid,
  add constraint project_events_per_minute_positive check (events_per_minute > 0) not valid;

alter table project validate constraint project_max_running_positive;
alter table project validate constraint project_events_per_minute_positive;

-- A bucket of tokens for each project that has `events_per_minute`; a run costs one. A table of its
-- own, because it changes with each claim and `project` is read all the time.
create table project_pace (
  project_id  uuid primary key references project on delete cascade,
  tokens      double precision not null,
  refilled_at timestamptz not null
) with (fillfactor = 50);

alter table conversation_queue
  -- 0: somebody waits for an answer. 1: bulk (statuses, other changes, replays, retries).
  add column priority smallint not null default 0,
  add constraint conversation_queue_priority_known check (priority in (0, 1)) not valid;

alter table conversation_queue validate constraint conversation_queue_priority_known;

-- In place of `conversation_queue_ready`, whose readers find this one as good.
create index conversation_queue_claimable on conversation_queue (project_id, priority, ready_at)
  where pending > 0;
drop index conversation_queue_ready;

alter table event
  -- From then on nobody needs it to run; null: it waits for ever.
  add column expires_at timestamptz;

create index event_expiring on event (expires_at) where state = 'pending' and expires_at is not null;
