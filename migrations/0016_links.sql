-- Names under which a project's bot finds what the host knows: {"META_APP_SECRET": "app-secret"}.

alter table project add column links json not null default '{}';

create function links_change_environment() returns trigger language plpgsql as $$
begin
  new.environment_wanted := new.environment_wanted + 1;
  return new;
end $$;

create trigger links_change_environment before update on project for each row
  when (old.links::text is distinct from new.links::text)
  execute function links_change_environment();

-- Whether what the code reads by other names is linked before the version is checked.
alter table version add column takes_links boolean not null default false;
