-- Sends that have to wait: how it is known that a message went out, and whom Meta wants to slow down.

-- `answer`: Meta's answer to the call. `status`: a status webhook, because the answer was lost.
alter table send add column known_by text
  constraint send_known_by_known check (known_by in ('answer', 'status'));

-- When it became unsettled, by the clock of the host that saw it. Beside `settle_by`, which goes by
-- the database's: a clock that is set ahead must not make a message go out twice.
alter table send add column doubted_at timestamptz;

-- Meta's limits: a number as a whole (recipient ''), or a number towards one recipient. All hosts
-- keep to it, so the times are the database's.
create table send_pause (
  phone_number_id text not null,
  recipient       text not null default '',
  project_id      uuid not null references project on delete cascade,
  -- Refusals in a row: each makes the pause longer. A send that goes out deletes the row.
  strikes         integer not null,
  -- Both ends, because clocks are set back: a pause that begins in the future is none.
  since           timestamptz not null,
  until           timestamptz not null,
  -- What Meta said, for bots that send meanwhile.
  answer_status   integer not null,
  answer_body     bytea not null,

  primary key (phone_number_id, recipient)
);

create index send_pause_of_project on send_pause (project_id);
