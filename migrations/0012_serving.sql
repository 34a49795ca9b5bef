-- How long instances live is part of what a host keeps ready, too.

create or replace trigger project_changes before update on project for each row
  when (row(old.name, old.webhook_path, old.environment_id, old.instance)
        is distinct from row(new.name, new.webhook_path, new.environment_id, new.instance))
  execute function project_changes();
