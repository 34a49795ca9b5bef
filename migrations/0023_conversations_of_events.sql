-- An event says which conversation it is of, and a queue of statuses which queue it waits for. Names of
-- queues are only names from now on: what they say was wrong as soon as two contacts became one.
--
-- Hosts of the version before store events without these columns: triggers fill them in for those. A merge
-- of contacts that such a host makes meanwhile does not take the events' conversation along.

alter table event
  -- Null: it is of none. No foreign key: a merge of contacts moves events before the conversation goes.
  add column conversation_id uuid,
  -- Those of one conversation and one lane run one at a time and in order. `changes` are of no conversation.
  add column lane text,
  add constraint event_lane_known check (lane in ('messages', 'statuses', 'changes')) not valid,
  add constraint event_lane_is_a_conversations
    check (lane = 'changes' or lane is null or conversation_id is not null) not valid;

alter table conversation_queue
  -- While an event of that queue runs, none of this one begins; null: it waits for no other.
  add column waits_for text;

create function event_gets_its_conversation() returns trigger language plpgsql as $$
declare
  name text := split_part(new.queue, '/', 1);
begin
  if new.conversation_id is null
     and name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    select conversation_id into new.conversation_id from conversation
    where project_id = new.project_id and conversation_id = name::uuid;
    if not found then
      select conversation_id into new.conversation_id from conversation
      where project_id = new.project_id and queue = name limit 1;
    end if;
  end if;
  new.lane := case when new.conversation_id is null then 'changes'
                   when new.kind = 'status' then 'statuses'
                   else 'messages' end;
  return new;
end $$;

create trigger event_gets_its_conversation before insert on event for each row
  when (new.lane is null)
  execute function event_gets_its_conversation();

create function conversation_queue_waits() returns trigger language plpgsql as $$
begin
  new.waits_for := split_part(new.queue, '/', 1);
  return new;
end $$;

create trigger conversation_queue_waits before insert on conversation_queue for each row
  when (new.waits_for is null and new.queue like '%/status')
  execute function conversation_queue_waits();
