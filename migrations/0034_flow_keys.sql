-- The keys of projects' data endpoints. Meta has the public one of the number; what it encrypts opens with the
-- private one, which is sealed.

create table flow_key (
  project_id         uuid not null references project on delete cascade,
  key_id             uuid not null,
  -- PEM.
  public_key         text not null,
  -- PKCS #8.
  private_key_sealed bytea not null,
  -- new:    Meta may have it already, and may not: both it and the one before open requests
  -- active: Meta has it
  state              text not null default 'new',
  -- The number that Meta has it for.
  phone_number_id    text,
  created_at         timestamptz not null default now(),
  registered_at      timestamptz,

  primary key (project_id, key_id),
  constraint flow_key_state_known check (state in ('new', 'active')),
  constraint flow_key_active_is_registered
    check ((state = 'active') = (registered_at is not null and phone_number_id is not null))
);

create unique index flow_key_one_active on flow_key (project_id) where state = 'active';
