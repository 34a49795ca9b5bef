-- What `0023` added, for the events that are there. A file of its own: adding a column locks everybody out, and
-- this takes as long as there are events, while hosts go on working.
--
-- A message knows its conversation, also where a merge of contacts has taken the one away that the queue was named
-- after. So do the messages that statuses are about.

update event e
set conversation_id = n.conversation_id,
    lane = case when n.conversation_id is null then 'changes'
                when e.kind = 'status' then 'statuses'
                else 'messages' end
from (
  select e.project_id, e.event_id,
         coalesce(m.conversation_id, named.conversation_id, queued.conversation_id) as conversation_id
  from event e
  left join message m on m.project_id = e.project_id
    and m.wamid = case e.kind when 'message' then substr(e.dedupe_key, 3)
                              when 'status' then split_part(e.dedupe_key, ':', 2) end
  left join conversation named on named.project_id = e.project_id
    and named.conversation_id::text = split_part(e.queue, '/', 1)
  left join conversation queued on queued.project_id = e.project_id
    and queued.queue = split_part(e.queue, '/', 1)
  where e.lane is null) n
where e.project_id = n.project_id and e.event_id = n.event_id;

update conversation_queue set waits_for = split_part(queue, '/', 1)
where waits_for is null and queue like '%/status';

alter table event validate constraint event_lane_known;
alter table event validate constraint event_lane_is_a_conversations;

-- The events of a conversation: to list them, and to take them along in a merge.
create index event_of_conversation on event (project_id, conversation_id, event_id)
  where conversation_id is not null;
