-- Numbers whose token Meta refuses: since when, and what it said.

alter table number
  add column token_refused_at timestamptz,
  -- For people, with what to do.
  add column token_refused    text,
  add constraint number_refusal_is_whole
    check ((token_refused_at is null) = (token_refused is null)) not valid;

-- Those there are few of.
create index number_refused on number (project_id) where token_refused_at is not null;
