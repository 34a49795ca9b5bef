-- What `0025` added, for the conversations that are there, and the indexes that lists need. A file of its own: it
-- takes as long as there are conversations, while hosts go on working.

update conversation
set touched = greatest(extract(epoch from coalesce(last_inbound_at, created_at))::bigint, 0),
    touched_at = coalesce(last_inbound_at, created_at)
where touched = 0;

alter table contact validate constraint contact_consent_known;
alter table contact validate constraint contact_consent_whole;
alter table conversation validate constraint conversation_session_known;
alter table conversation validate constraint conversation_snoozed_has_an_end;
alter table conversation validate constraint conversation_taken_is_whole;

-- Lists, and followers.
create index conversation_touched on conversation (project_id, touched, conversation_id);

-- What few have, and is asked for.
create index conversation_assigned on conversation (project_id, assignee, touched)
  where assignee is not null;
create index conversation_taken on conversation (project_id, touched) where taken_at is not null;

-- Those whose time comes.
create index conversation_snoozed on conversation (snoozed_until) where session = 'snoozed';

-- How a name or a number begins, whatever the language of the database.
create index contact_name on contact (project_id, lower(name) text_pattern_ops);
create index contact_wa_id on contact (project_id, wa_id text_pattern_ops);
