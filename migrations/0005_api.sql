-- The admin API: who may use it, what they changed, and which requests were already answered.

-- A token's text is shown once, when it is made. Only its hash is kept.
create table token (
  token_id     uuid primary key,                   -- version 7: time-ordered
  name         text not null,
  hash         bytea not null,                     -- SHA-256 of the whole text
  prefix       text not null,                      -- how the text begins, so that people know it again
  scope        text not null,                      -- what it may do; each scope holds the ones before it
  -- Null: every project.
  project_id   uuid references project on delete cascade,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  last_used_at timestamptz,                        -- to the minute

  constraint token_hash_is_new unique (hash),
  constraint token_hash_is_sha256 check (octet_length(hash) = 32),
  constraint token_scope_known check (scope in ('read', 'write', 'admin')),
  constraint token_name_is_short check (char_length(name) between 1 and 100)
);

create index token_of_project on token (project_id);

-- Every change that somebody with a token asked for. Written before the change, completed after it:
-- a row without a status is a change whose end this database was not told.
create table audit (
  audit_id     bigint generated always as identity primary key,
  at           timestamptz not null default now(),
  -- No foreign keys: the log outlives tokens and projects.
  actor        text not null,                      -- the token's name, or `root`
  token_id     uuid,                               -- null: the root token
  action       text not null,                      -- the operation's id in the OpenAPI document
  project_id   uuid,
  project_name text,
  target       json not null default '{}',         -- what the address named, besides the project
  note         json,                               -- what was changed; never a secret
  request_id   text not null,
  status       integer,
  code         text,                               -- of the problem, when there was one
  duration_ms  integer
);

create index audit_of_project on audit (project_id, audit_id);

-- Retention.
create index audit_at on audit (at);

-- Answers to POSTs with an `Idempotency-Key`, so that a repetition does nothing and gets the same.
create table idempotency (
  owner        uuid not null,                      -- the token; all zeros: the root token
  key          text not null,
  claim        uuid not null,                      -- of the request that works on it: its fencing token
  request_hash bytea,                              -- null while the request runs
  status       integer,                            -- null while the request runs
  body_sealed  bytea,                              -- sealed: a new token is in an answer
  content_type text,
  -- While it runs: when its host must be dead. Later: when the answer is forgotten.
  expires_at   timestamptz not null,

  primary key (owner, key),
  constraint idempotency_answer_is_whole
    check (num_nulls(request_hash, status, body_sealed) in (0, 3))
);

-- Retention.
create index idempotency_expires on idempotency (expires_at);
