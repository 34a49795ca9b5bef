-- What belongs to an account at Meta, and to no number of it: each such thing has one project that owns it.

create table account_object (
  waba_id    text not null,
  kind       text not null,
  -- A template's name, whatever its languages; a Flow's id; `account` for the account's webhooks.
  object_id  text not null,
  -- Null: it is the operator's. So is what a project had that is gone.
  project_id uuid references project on delete set null,
  since      timestamptz not null default now(),

  primary key (waba_id, kind, object_id),
  constraint account_object_kind_known check (kind in ('template', 'flow', 'webhooks'))
);

create index account_object_of_project on account_object (project_id);

-- What projects that share an account learned of it may be another's: it is learned anew, by who owns it.
delete from graph_object using number
where number.project_id = graph_object.project_id
  and exists (select from number others
              where others.waba_id = number.waba_id and others.project_id <> number.project_id);
