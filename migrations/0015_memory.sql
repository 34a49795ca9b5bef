-- What an instance of a project's bot may use of memory, in MiB; null: 128. It is part of what a host
-- keeps ready.

alter table project
  add column memory integer,
  add constraint project_memory_known check (memory between 32 and 4000);

create or replace trigger project_changes before update on project for each row
  when (row(old.name, old.webhook_path, old.environment_id, old.instance, old.memory)
        is distinct from row(new.name, new.webhook_path, new.environment_id, new.instance, new.memory))
  execute function project_changes();
