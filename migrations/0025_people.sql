-- People as operators see and change them: where a conversation stands, who looks after it, whether a person
-- has it in the bot's place, labels, notes, and whether somebody agreed to be written to.
--
-- Hosts of the version before go on working: they give the bot what came while a person has the conversation, and
-- their messages do not move a conversation to the front of the list.

alter table contact
  -- What the person said to messages of marketing; null: nothing.
  add column consent        text,
  add column consent_at     timestamptz,
  add column consent_source text,                  -- where it was said, as in `checkout`
  add constraint contact_consent_known check (consent in ('opted-in', 'opted-out')) not valid,
  add constraint contact_consent_whole
    check (num_nulls(consent, consent_at, consent_source) in (0, 3)) not valid;

-- The order in which conversations were touched last: that of lists, and what a follower has seen. Above all that
-- the next file gives to those that are there.
create sequence conversation_touch start 1099511627776;

alter table conversation
  -- A snoozed one whose time has come counts as open, whether or not its row says so yet.
  add column session       text not null default 'open',
  add column snoozed_until timestamptz,
  add column assignee      text,
  -- Since when a person has it: until it is released, no message of it is run.
  add column taken_at      timestamptz,
  add column taken_by      text,                   -- null: the bot has handed it off, and nobody has it yet
  add column taken_why     text,
  -- Messages since the last one to the contact, or since somebody said that they were read.
  add column unread        integer not null default 0,
  add column touched       bigint not null default 0,
  add column touched_at    timestamptz,
  add constraint conversation_session_known
    check (session in ('open', 'snoozed', 'resolved')) not valid,
  add constraint conversation_snoozed_has_an_end
    check ((session = 'snoozed') = (snoozed_until is not null)) not valid,
  add constraint conversation_taken_is_whole
    check (taken_at is not null or num_nonnulls(taken_by, taken_why) = 0) not valid;

-- Who wrote it by hand; null: the contact, or the bot.
alter table message add column written_by text;

-- Likewise, until it is known that it went out and the message is recorded.
alter table send add column written_by text;

create table conversation_label (
  project_id      uuid not null,
  conversation_id uuid not null,
  label           text not null,
  created_at      timestamptz not null default now(),

  primary key (project_id, conversation_id, label),
  foreign key (project_id, conversation_id) references conversation on delete cascade,
  constraint conversation_label_is_short check (char_length(label) between 1 and 50)
);

create index conversation_label_named on conversation_label (project_id, label, conversation_id);

create table conversation_note (
  project_id      uuid not null,
  note_id         uuid not null,                   -- version 7: time-ordered
  conversation_id uuid not null,
  author          text not null,
  body            text not null,
  created_at      timestamptz not null default now(),

  primary key (project_id, note_id),
  foreign key (project_id, conversation_id) references conversation on delete cascade,
  constraint conversation_note_is_short check (char_length(body) between 1 and 4000)
);

create index conversation_note_of on conversation_note (project_id, conversation_id, note_id);
