-- What people are told of an event that ended badly, and how long a failed one holds up others.
--
-- Hosts of the version before go on working: they take events in order, and tell less.

alter table send
  -- Why it did not go out when it was tried last: Meta's answer, or the reason why there was none.
  add column setback_status integer,
  add column setback_body   bytea,
  add column setback        text;

-- Which request of the bot to Meta was refused last, besides its messages, by whom and why.
alter table run add column refusal text;

-- It has failed, and lets later events of its queue pass until then; null: it is in its place.
alter table event add column not_before timestamptz;

-- How many of the pending ones let others pass.
alter table conversation_queue add column aside integer not null default 0;
