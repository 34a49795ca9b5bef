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

-- 4. What the provisioner needs back: to end a tenant's sessions, and to measure what it stores.
grant select on pg_catalog.pg_stat_activity, pg_catalog.pg_class, pg_catalog.pg_namespace to provisioner;
grant execute on function
  pg_catalog.pg_stat_get_activity(integer),
  pg_catalog.pg_terminate_backend(integer, bigint),
  pg_catalog.pg_total_relation_size(regclass)
  to provisioner;
grant execute on function pg_catalog.pg_advisory_xact_lock(bigint) to provisioner;

-- 5. Defaults of every session in this database. A tenant can reach none of them: `SET` is not let
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
