-- Flows that were sent: the token of each ties its data requests and its answer to the Flow and to the contact.

create table flow_token (
  project_id  uuid not null references project on delete cascade,
  token       text not null,
  -- The project's name for the Flow.
  flow        text not null,
  -- As the bot addressed it: a phone number or a user id.
  recipient   text not null,
  -- The recipient's WhatsApp id, when Meta named it.
  wa_id       text,
  -- What the bot wants to know it by.
  reference   text,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null,
  -- When its answer was first read.
  answered_at timestamptz,
  -- When the bot took it back.
  withdrawn_at timestamptz,

  primary key (project_id, token)
);

-- Retention.
create index flow_token_expires on flow_token (expires_at);
