-- Sends: every message a bot sends is written down here before it goes out, so that an event that
-- is tried again sends nothing twice.
--
-- The key is (event, hash of the request, occurrence): the n-th request of this content among
-- those of the event. `host/whatsapp/outbox/mod.rs` says how a run finds the row that is its own.

create table send (
  -- Travels in `biz_opaque_callback_data`, so that a status webhook finds the row.
  send_id         bigint generated always as identity primary key,
  project_id      uuid not null references project on delete cascade,
  -- No foreign key: statuses come for weeks, events are deleted earlier.
  event_id        bigint not null,
  request_hash    bytea not null,
  occurrence      integer not null,
  -- For people: its place among the sends of the run that first made it, and the last such run.
  sequence        integer not null,
  attempt         integer not null,
  phone_number_id text not null,
  state           text not null default 'prepared',
  -- Fencing: how often it was taken up. Who comes back with an older number changes nothing.
  tries           integer not null default 1,
  -- What the conversation store gets once it is sent; null after that. Text, because it may hold
  -- \u0000, which jsonb refuses.
  request_body    text,
  -- The bot's own `biz_opaque_callback_data`, which its status events carry again.
  callback_data   text,
  response_status integer,
  response_body   bytea,
  wamid           text,
  -- When an unsettled send may be sent again.
  settle_by       timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),

  constraint send_key unique (project_id, event_id, request_hash, occurrence),
  constraint send_hash_is_sha256 check (octet_length(request_hash) = 32),
  -- prepared:  a try is under way, or the process died in one
  -- unsettled: nobody knows whether it went out; not sent again before settle_by
  -- released:  certainly not sent; the next run that gets here may send it
  -- sent:      Meta took it; the response is the answer of every later run
  -- rejected:  Meta refused it for good; likewise
  constraint send_state_known
    check (state in ('prepared', 'unsettled', 'released', 'sent', 'rejected')),
  constraint send_answer_is_recorded
    check ((state in ('sent', 'rejected')) = (response_status is not null)),
  constraint send_unsettled_has_an_end check ((state = 'unsettled') = (settle_by is not null))
) with (fillfactor = 70);

-- Retention.
create index send_updated on send (updated_at);

-- Objects of Meta that are known to be a project's: media it uploaded, its flows and templates.
-- Several projects may share a business account, hence both in the key.
create table graph_object (
  object_id  text not null,
  project_id uuid not null references project on delete cascade,
  created_at timestamptz not null default now(),

  primary key (object_id, project_id)
);
