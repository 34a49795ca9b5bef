-- What a project's bot may reach, and keys that are changed while hosts run.

-- Names, addresses and networks: refused, and the only ones that are reached (empty: all). They are part
-- of what a host keeps ready.
alter table project
  add column egress_deny text[] not null default '{}',
  add column egress_only text[] not null default '{}';

create trigger egress_changes before update on project for each row
  when (row(old.egress_deny, old.egress_only) is distinct from row(new.egress_deny, new.egress_only))
  execute function project_changes();

-- While the master key is being changed. A sealed value names its key, so each opens with the old one or
-- with the new one, and a host that has either opens the other here.
alter table master_key
  -- Of the key that everything is being sealed with anew; null: nothing is changed.
  add column next_fingerprint text,
  add column next_sealed bytea,                    -- that key, sealed with the one before
  add column previous_sealed bytea,                -- the one before, sealed with that key
  -- What passwords of roles, fingerprints and the like are made of, sealed with the key that `fingerprint`
  -- is of, or with the next one while there is one; null: the first master key itself.
  add column root_sealed bytea,
  add column changed_at timestamptz,
  constraint master_key_change_is_whole
    check (num_nulls(next_fingerprint, next_sealed, previous_sealed) in (0, 3));

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
