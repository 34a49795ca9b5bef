-- Hardens the database it runs in, so that any number of tenants can send any SQL. Run as a superuser;
-- running it again changes nothing. Its text is part of what marks a cell as hardened: after a change
-- every cell is hardened anew at the next start.
--
-- What it relies on: each tenant logs in as its own role, and owns nothing but what is in its schema.

-- 1. The database itself: tenants may connect; no temporary tables, which no limit would cover.
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to tenants', current_database());
  execute format('grant create, connect on database %I to provisioner', current_database());
end
$$;
drop schema if exists public cascade;

-- 2. No dynamic SQL on the server: without these languages there is no DO, no function, no trigger and
-- no procedure, so the first words of a statement tell all that it does.
revoke usage on language plpgsql from public;
revoke usage on language sql from public;

-- 3. Catalogs: nothing is readable but a few. `information_schema` keeps working, because its views run
-- with their owner's rights and show only what the tenant may see.
do $$
declare
  relation record;
begin
  for relation in
    select c.oid::regclass as name
    from pg_class c
    where c.relnamespace = 'pg_catalog'::regnamespace
      and c.relkind in ('r', 'v')
  loop
    execute format('revoke all on %s from public', relation.name);
  end loop;
end
$$;
grant select on pg_catalog.pg_timezone_names, pg_catalog.pg_timezone_abbrevs to public;

-- 4. Functions: every `pg_*` that is not listed here, and others that run SQL given as text, take locks,
-- write large objects, change settings or show what is not the tenant's. New ones of a later PostgreSQL
-- are revoked too, as long as they start with `pg_`.
do $$
declare
  function record;
  allowed constant text[] := array[
    -- what types and conversions need
    'pg_typeof', 'pg_basetype', 'pg_column_size', 'pg_size_pretty', 'pg_size_bytes', 'pg_collation_for',
    'pg_input_is_valid', 'pg_input_error_info', 'pg_lsn_in', 'pg_lsn_out', 'pg_lsn_cmp', 'pg_lsn_eq',
    'pg_snapshot_in', 'pg_snapshot_out', 'pg_snapshot_recv', 'pg_snapshot_send', 'pg_node_tree_in',
    'pg_node_tree_out', 'pg_ndistinct_out', 'pg_dependencies_out', 'pg_mcv_list_out',
    'pg_client_encoding', 'pg_encoding_to_char', 'pg_char_to_encoding', 'pg_encoding_max_length',
    'pg_timezone_names', 'pg_timezone_abbrevs', 'pg_timezone_abbrevs_abbrevs',
    'pg_timezone_abbrevs_zone', 'pg_get_keywords',
    -- what the views of information_schema call; not `pg_get_viewdef` and `pg_get_constraintdef`, which
    -- show the text of any tenant's by OID
    'pg_has_role', 'pg_get_expr', 'pg_get_serial_sequence', 'pg_table_is_visible', 'pg_type_is_visible',
    'pg_function_is_visible', 'pg_sequence_parameters', 'pg_relation_is_updatable',
    'pg_column_is_updatable', 'pg_is_other_temp_schema', 'pg_my_temp_schema',
    -- harmless, and asked for
    'pg_backend_pid', 'pg_sleep'];
begin
  for function in
    select p.oid::regprocedure as signature
    from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace
      and p.prokind = 'f'
      and (
        (p.proname like 'pg\_%' and p.proname <> all (allowed))
        or p.proname like 'lo\_%'
        or p.proname like 'binary\_upgrade\_%'
        or p.proname ~ '^(query|cursor|table|schema|database)_to_xml'
        or p.proname in (
          'set_config', 'loread', 'lowrite', 'ts_stat', 'ts_rewrite', 'obj_description',
          'col_description', 'shobj_description', 'currtid2', 'makeaclitem', 'inet_server_addr',
          'inet_server_port', 'inet_client_addr', 'inet_client_port', 'brin_summarize_new_values',
          'brin_summarize_range', 'brin_desummarize_range', 'gin_clean_pending_list')
      )
  loop
    execute format('revoke execute on function %s from public', function.signature);
  end loop;
end
$$;

-- 5. What the provisioner needs back: to end a tenant's sessions, and to measure what it stores.
grant select on pg_catalog.pg_stat_activity, pg_catalog.pg_class, pg_catalog.pg_namespace to provisioner;
grant execute on function
  pg_catalog.pg_stat_get_activity(integer),
  pg_catalog.pg_terminate_backend(integer, bigint),
  pg_catalog.pg_total_relation_size(regclass)
  to provisioner;
grant execute on function pg_catalog.pg_advisory_xact_lock(bigint) to provisioner;

-- 6. Defaults of every session in this database. A tenant can reach none of them: `SET` is not let
-- through and `set_config` is revoked. The host's own deadlines are tighter.
do $$
declare
  setting record;
begin
  for setting in
    select *
    from (values
      ('search_path', '"$user"'),
      ('statement_timeout', '''5s'''),
      ('idle_in_transaction_session_timeout', '''5s'''),
      ('transaction_timeout', '''10s'''),
      ('lock_timeout', '''2s'''),
      -- Notices within a second that the host is gone, even in the middle of a statement.
      ('client_connection_check_interval', '''1s'''),
      ('temp_file_limit', '''64MB'''),
      ('work_mem', '''4MB'''),
      ('maintenance_work_mem', '''32MB'''),
      ('jit', 'off'),
      ('max_parallel_workers_per_gather', '0'),
      ('max_parallel_maintenance_workers', '0'),
      ('timezone', '''UTC'''),
      ('default_transaction_isolation', '''read committed''')
    ) as defaults (name, value)
    where exists (select from pg_settings known where lower(known.name) = defaults.name)
  loop
    execute format(
      'alter database %I set %I = %s', current_database(), setting.name, setting.value);
  end loop;
  -- Dropping a tenant with many tables takes longer than a statement of its own may.
  execute format(
    'alter role provisioner in database %I set statement_timeout = ''60s''', current_database());
  if current_setting('server_version_num')::int >= 170000 then
    execute format(
      'alter role provisioner in database %I set transaction_timeout = ''90s''', current_database());
  end if;
end
$$;
