-- Media: what customers sent, kept by the host, and what was uploaded to Meta.

alter table project
  -- How many days media is kept, 0: none is; null: as the host says.
  add column media_retention_days integer,
  -- How much of it is kept, in MiB; null: as the host says.
  add column media_quota          integer,
  add constraint project_media_retention_is_days
    check (media_retention_days between 0 and 3650) not valid,
  add constraint project_media_quota_is_a_size check (media_quota between 1 and 1048576) not valid;

-- What customers sent. It goes with its message.
create table media (
  project_id    uuid not null,
  -- Meta's, as the message has it.
  media_id      text not null,
  wamid         text not null,
  -- The type of the message.
  kind          text not null,
  -- As Meta told it, until it is here.
  mime_type     text,
  filename      text,
  sha256        text,                              -- in hexadecimal
  size          bigint,
  state         text not null default 'fetching',
  -- Why it is not here; of one that is being fetched: why that failed last.
  told          text,
  -- Fences off whoever fetches it too long.
  tries         integer not null default 0,
  next_try_at   timestamptz not null,
  received_at   timestamptz not null,
  kept_at       timestamptz,
  -- The order of arrival.
  position      bigint generated always as identity,

  primary key (project_id, media_id),
  foreign key (project_id, wamid) references message on delete cascade,
  constraint media_state_known check (state in ('fetching', 'kept', 'not-kept')),
  constraint media_kind_known
    check (kind in ('image', 'video', 'audio', 'document', 'sticker')),
  constraint media_kept_is_whole check (state <> 'kept' or num_nulls(size, kept_at, sha256) = 0)
);

create index media_of_message on media (project_id, wamid);
create index media_listed on media (project_id, position);
-- Whose an id is.
create index media_by_id on media (media_id);
-- What is to be fetched.
create index media_due on media (project_id, next_try_at) where state = 'fetching';
-- How much a project has.
create index media_kept on media (project_id) include (size) where state = 'kept';
-- Retention.
create index media_kept_at on media (kept_at) where state = 'kept';

-- The bytes of what is kept, in pieces of 256 KiB; the last one has the rest.
create table media_chunk (
  project_id uuid not null,
  media_id   text not null,
  position   integer not null,
  bytes      bytea not null,

  primary key (project_id, media_id, position),
  foreign key (project_id, media_id) references media on delete cascade
);

-- Pictures, sounds and videos are packed already.
alter table media_chunk alter column bytes set storage external;

-- What was uploaded to Meta, which keeps it for 30 days: the same file is not uploaded twice.
create table media_upload (
  project_id      uuid not null references project on delete cascade,
  phone_number_id text not null,
  sha256          text not null,
  mime_type       text not null,
  media_id        text not null,
  size            bigint not null,
  uploaded_at     timestamptz not null default now(),
  expires_at      timestamptz not null,
  -- When Meta last said that it has it.
  seen_at         timestamptz not null default now(),

  primary key (project_id, phone_number_id, sha256, mime_type)
);

create index media_upload_by_id on media_upload (media_id);
-- Retention.
create index media_upload_expires on media_upload (expires_at);
