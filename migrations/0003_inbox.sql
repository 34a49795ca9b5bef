-- The inbox: every event that wakes a bot, from its arrival until it is done.
--
-- `conversation_queue` is the unit of locking: who holds the lease of a queue runs its oldest
-- pending event, so that a conversation has one event running at a time, in order.

create table event (
  project_id  uuid not null references project on delete cascade,
  event_id    bigint generated always as identity, -- the order within a queue
  queue       text not null,
  kind        text not null,
  dedupe_key  text not null,
  payload     text not null,                       -- the very bytes that the bot gets
  state       text not null default 'pending',
  attempts    integer not null default 0,          -- runs that count against the bot
  deferrals   integer not null default 0,          -- runs that the host could not do
  last_error  text,
  received_at timestamptz not null,
  finished_at timestamptz,

  primary key (project_id, event_id),
  constraint event_is_new unique (project_id, dedupe_key),
  constraint event_kind_known check (kind in ('message', 'status', 'other')),
  constraint event_state_known check (state in ('pending', 'done', 'dead')),
  constraint event_finished_when_not_pending check ((state = 'pending') = (finished_at is null))
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

create index event_pending on event (project_id, queue, event_id) where state = 'pending';

create index event_dead on event (project_id, event_id) where state = 'dead';

-- Retention. Done rows must outlive Meta's retries (7 days): they are what finds a duplicate.
create index event_finished on event (finished_at) where state <> 'pending';

create table conversation_queue (
  project_id  uuid not null references project on delete cascade,
  queue       text not null,
  pending     integer not null,
  -- When the queue may be claimed: now, after a back-off, or when the lease runs out.
  ready_at    timestamptz not null,
  lease       uuid,                                -- the run that holds it: its fencing token
  lease_owner text,

  primary key (project_id, queue),
  constraint conversation_queue_count check (pending >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- By project first: claims walk from project to project, so that a busy one hides nobody.
create index conversation_queue_ready on conversation_queue (project_id, ready_at) where pending > 0;

create index conversation_queue_leased on conversation_queue (project_id, ready_at)
  where lease is not null;

create table run (
  run_id          uuid primary key,
  project_id      uuid not null,
  event_id        bigint not null,
  attempt         integer not null,
  owner           text not null,
  version_id      uuid not null,
  started_at      timestamptz not null,
  ended_at        timestamptz,
  outcome         text,                            -- null while it runs
  error           text,
  wall_us         bigint,
  cpu_us          bigint,
  memory_bytes    bigint,
  host_calls      integer,
  sends           integer,
  response_status integer,

  foreign key (project_id, event_id) references event on delete cascade
);

create index run_of_event on run (project_id, event_id);

-- What came with a good signature for a number that no project has. Kept, so that a person can see
-- what a number connected too late, or to the wrong app, has missed.
create table unrouted (
  unrouted_id     bigint generated always as identity primary key,
  phone_number_id text,
  account_id      text,
  dedupe_key      text not null,
  payload         text,                            -- null when it was too long to keep
  payload_bytes   integer not null,
  received_at     timestamptz not null,

  constraint unrouted_is_new unique (dedupe_key)
);

-- Retention.
create index unrouted_received on unrouted (received_at);
