-- Of the objects of Meta that a project is known to have, the newest are kept: this finds the others.
create index graph_object_learned on graph_object (project_id, created_at, object_id);
