-- What a project's bot may reach, and keys that are changed while hosts run.

-- Names, addresses and networks: refused, and the only ones that are reached (empty: all). They are part
-- of what a host keeps ready.
alter table project
  add column egress_deny text[] not null default '{}',
  add column egress_only text[] not null default '{}';

create trigger egress_changes before update on project for each row
  when (row(old.egress_deny, old.egress_only) is distinct from row(new.egress_deny, new.egress_only))
  execute function project_changes();

-- While the master key is being changed a host that has the old one opens the new one here, and one that
-- has the new one opens all that were before. A sealed value names its key, so none of them is ever in doubt.
alter table master_key
  -- Of the key that takes its place; null: nothing is changed.
  add column next_fingerprint text,
  add column next_sealed bytea,                    -- that key, sealed with the one of `fingerprint`
  -- All keys before the newest, oldest first, sealed with the newest: what is older opens for ever, and
  -- passwords of roles are made of the first.
  add column former_sealed bytea,
  add column changed_at timestamptz,               -- when the last change began
  add constraint master_key_change_is_whole check (num_nulls(next_fingerprint, next_sealed) in (0, 2));

-- Keys that a host was started with, changed meanwhile: what it also takes, and what it takes no longer.
create table host_key (
  host_key_id uuid primary key,                    -- version 7: time-ordered
  kind        text not null,
  hash        bytea not null,                      -- SHA-256
  sealed      bytea,                               -- null: the hash is enough
  created_at  timestamptz not null default now(),
  retired_at  timestamptz,

  constraint host_key_kind_known check (kind in ('admin-key', 'verify-token', 'app-secret')),
  constraint host_key_is_new unique (kind, hash),
  constraint host_key_hash_is_sha256 check (octet_length(hash) = 32)
);
