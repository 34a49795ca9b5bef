-- Templates as Meta has them, and what Meta said of them. Whose they are says `account_object`.

create table template (
  waba_id          text not null,
  template_id      text not null,                  -- Meta's: one for each language
  name             text not null,
  language         text not null,
  category         text not null,                  -- Meta's words, which may be new: no constraint
  status           text not null,
  parameter_format text not null default 'POSITIONAL',
  -- JSON, as Meta lists it. Text, because it may hold \u0000.
  components       text not null,
  send_ttl_seconds integer,
  sub_category     text,
  -- What it was before Meta changed it, and what Meta will change it to.
  previous_category text,
  correct_category text,
  quality          text,
  rejected_reason  text,
  -- What Meta's webhook said besides: why it was paused, what to change.
  said             text,
  -- By Meta's clock, of the change that was told last: older ones may still come.
  status_at        timestamptz,
  quality_at       timestamptz,
  -- When Meta last listed it, or told of it.
  seen_at          timestamptz not null default now(),
  created_at       timestamptz not null default now(),

  primary key (waba_id, template_id),
  constraint template_is_one unique (waba_id, name, language)
);

-- An id alone, as bots name it.
create index template_by_id on template (template_id);

-- What became of templates: for the owner to read.
create table template_change (
  change_id   bigint generated always as identity primary key,
  waba_id     text not null,
  template_id text not null,
  name        text not null,
  language    text not null,
  what        text not null,
  before      text,
  after       text,
  -- A sentence for people.
  told        text not null,
  -- By Meta's clock where it told, else the database's.
  at          timestamptz not null,
  -- The same when Meta repeats it.
  dedupe_key  text not null,

  constraint template_change_is_new unique (waba_id, dedupe_key),
  constraint template_change_what_known
    check (what in ('made', 'status', 'quality', 'category', 'components', 'gone'))
);

create index template_change_of_name on template_change (waba_id, name, change_id);

-- When an account was last compared with Meta, and what went wrong then.
create table template_sync (
  waba_id   text primary key,
  synced_at timestamptz,
  tried_at  timestamptz not null,
  error     text
);
