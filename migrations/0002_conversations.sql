-- Contacts, conversations and messages: what the host keeps of who said what to which bot.

create table contact (
  project_id uuid not null references project on delete cascade,
  contact_id uuid not null,
  -- Either may be unknown: people can hide their number, and older traffic has no user id.
  -- Where the two disagree the user id is the person: numbers are given to other people.
  wa_id      text,
  user_id    text,
  name       text,
  username   text,
  created_at timestamptz not null,

  primary key (project_id, contact_id),
  constraint contact_wa_id_is_new unique (project_id, wa_id),
  constraint contact_user_id_is_new unique (project_id, user_id)
);

create table conversation (
  project_id      uuid not null references project on delete cascade,
  conversation_id uuid not null,
  phone_number_id text not null,
  contact_id      uuid,
  group_id        text,
  -- The queue of events in `conversation_queue`. It equals conversation_id until two contacts turn
  -- out to be one person while an event of theirs is running.
  queue           text not null,
  state           text,
  last_inbound_at timestamptz,                     -- opens Meta's 24-hour window
  created_at      timestamptz not null,

  primary key (project_id, conversation_id),
  foreign key (project_id, contact_id) references contact (project_id, contact_id),
  constraint conversation_has_one_partner check (num_nonnulls(contact_id, group_id) = 1),
  constraint conversation_contact_is_new unique (project_id, contact_id, phone_number_id),
  constraint conversation_group_is_new unique (project_id, group_id, phone_number_id),
  constraint conversation_state_is_short check (char_length(state) <= 200)
);

create table message (
  project_id      uuid not null,
  wamid           text not null,
  conversation_id uuid not null,
  contact_id      uuid,                            -- who wrote or got it; null: a group
  -- Order of arrival. Meta's timestamps have whole seconds only.
  position        bigint generated always as identity,
  direction       text not null,
  type            text not null,
  body            json not null,                   -- as it came; jsonb would refuse \u0000
  -- The event that brought it, or in whose run it was sent. No foreign key: events are deleted
  -- earlier.
  event_id        bigint,
  sent_at         timestamptz not null,
  created_at      timestamptz not null,

  primary key (project_id, wamid),
  foreign key (project_id, conversation_id) references conversation on delete cascade,
  constraint message_direction_known check (direction in ('in', 'out'))
);

create index message_of_conversation on message (project_id, conversation_id, position);

-- Retention.
create index message_created on message (created_at);

-- Every status that Meta reported. A message's status is the furthest of these, and is not kept in
-- `message`: a status may come before the answer to the send is recorded, at the same time, or for
-- a message that was sent by other means.
create table message_status (
  project_id  uuid not null references project on delete cascade,
  wamid       text not null,
  status      text not null,
  participant text not null default '',            -- each member of a group has statuses of their own
  at          timestamptz not null,
  errors      json,
  received_at timestamptz not null,

  primary key (project_id, wamid, status, participant)
);

-- Retention.
create index message_status_received on message_status (received_at);

-- How far along a status is. Statuses arrive in any order, and `failed` is final.
create function message_status_rank(status text) returns integer
  language sql immutable
  return case status
    when 'sent' then 1
    when 'delivered' then 2
    when 'read' then 3
    when 'played' then 4
    when 'failed' then 5
    else 0
  end;
