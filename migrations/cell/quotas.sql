-- What a tenant may have, besides rows: relations (which are locks, too), columns, and text of definitions, which are
-- rows of the catalogs and no table's. Looked at when it makes or changes something; taking away is always allowed.
-- How much it stores is the host's to measure. Run after `harden.sql`; running it again changes nothing.

create schema if not exists quota;
revoke all on schema quota from public;

-- The host writes here what its settings say.
create table if not exists quota.most (
  name text primary key,
  value bigint not null
);
insert into quota.most (name, value)
values ('relations', 500), ('columns', 10000), ('definitions', 4194304), ('reach', 1000),
  ('statistics', 20), ('width', 4), ('expressions', 0), ('target', 100), ('settings', 0)
on conflict do nothing;

-- What a role owns in this database, the indexes of its tables with it, which have no owner of their own. By indexes only,
-- so that it costs what the tenant has, and not what all have; without a setting, so that it is planned with what asks.
create or replace function quota.owned(tenant oid) returns table (classid oid, objid oid)
  language sql stable
begin atomic
  select s.classid, o.objid
  from pg_shdepend s
    cross join lateral (
      select s.objid
      union all
      select i.indexrelid from pg_index i where i.indrelid = s.objid and s.classid = 'pg_class'::regclass
    ) as o (objid)
  where s.refclassid = 'pg_authid'::regclass and s.refobjid = tenant and s.deptype = 'o'
    and s.dbid = (select d.oid from pg_database d where d.datname = current_database());
end;

-- What a role has in this database: relations and types, columns, bytes of definitions and comments.
create or replace function quota.used(tenant oid, out relations bigint, out columns bigint, out definitions bigint)
  language sql stable set search_path = pg_catalog
begin atomic
  with owned as (
    select o.classid, o.objid from quota.owned(tenant) o
  ), relation as (
    select o.objid as oid from owned o where o.classid = 'pg_class'::regclass
  ), type as (
    select o.objid as oid from owned o where o.classid = 'pg_type'::regclass
  ), constraint_ as (
    select c.oid, c.conbin from relation r join pg_constraint c on c.conrelid = r.oid
    union all
    select c.oid, c.conbin from type t join pg_constraint c on c.contypid = t.oid and c.conrelid = 0
  )
  select
    (select count(*) from owned),
    (select count(*) from relation r join pg_attribute a on a.attrelid = r.oid where a.attnum > 0),
    coalesce((select sum(pg_column_size(w.ev_action)) from relation r join pg_rewrite w on w.ev_class = r.oid), 0)
      + coalesce((select sum(pg_column_size(d.adbin)) from relation r join pg_attrdef d on d.adrelid = r.oid), 0)
      + coalesce((select sum(200 + coalesce(pg_column_size(c.conbin), 0)) from constraint_ c), 0)
      + coalesce((
          select sum(coalesce(pg_column_size(i.indexprs), 0) + coalesce(pg_column_size(i.indpred), 0))
          from relation r join pg_index i on i.indexrelid = r.oid
        ), 0)
      + coalesce((select sum(100) from type t join pg_enum e on e.enumtypid = t.oid), 0)
      + coalesce((
          select sum(40 + pg_column_size(d.description))
          from (
            select r.oid, 'pg_class'::regclass as class from relation r
            union all select t.oid, 'pg_type'::regclass from type t
            union all select c.oid, 'pg_constraint'::regclass from constraint_ c
          ) as object join pg_description d on d.objoid = object.oid and d.classoid = object.class
        ), 0);
end;

-- How many relations the largest view of a role comes to, with those inside of the views that it names. The planner
-- writes all of them out before it looks at any interrupt.
create or replace function quota.reach(tenant oid) returns bigint
  language plpgsql stable set search_path = pg_catalog as $$
declare
  named jsonb;
  reaches jsonb := '{}';
  next jsonb;
begin
  -- For each view: which views it names, and how often.
  select coalesce(jsonb_object_agg(v.view, v.names), '{}') into named
  from (
    select n.view, jsonb_object_agg(n.name, n.times) as names
    from (
      select w.ev_class::text as view, m[1] as name, count(*) as times
      from quota.owned(tenant) o
        join pg_rewrite w on w.ev_class = o.objid and w.ev_type = '1'
        cross join regexp_matches(w.ev_action::text, ':rtekind 0 :relid (\d+)', 'g') as m
      where o.classid = 'pg_class'::regclass
      group by 1, 2
    ) as n
    group by 1
  ) as v;
  -- One level more each time; more than these are too many.
  for level in 1..16 loop
    select coalesce(jsonb_object_agg(v.key, (
        select sum(least(t.value::numeric * coalesce((reaches ->> t.key)::numeric, 1), 1000000000))
        from jsonb_each_text(v.value) as t
      )), '{}') into next
    from jsonb_each(named) as v;
    if next = reaches then
      return coalesce((select max(r.value::numeric)::bigint from jsonb_each_text(reaches) as r), 0);
    end if;
    reaches := next;
  end loop;
  return 1000000000;
end
$$;

-- Refuses what is too much: before a statement (`ddl_command_start`), after it, and at the end of a transaction (`commit`).
create or replace function quota.look(tenant oid, moment text, tag text) returns void
  language plpgsql set search_path = pg_catalog as $$
declare
  used record;
  upkeep record;
  known record;
begin
  select * into used from quota.used(tenant);
  -- Only what is there is looked at.
  select * into upkeep from quota.upkeep(case when moment = 'ddl_command_end' then tenant end);
  for known in
    select m.value, u.used, u.what, u.way
    from (values
      ('relations', used.relations, 'tables, indexes, views, sequences and types', 'drop what is not needed'),
      ('columns', used.columns, 'columns', 'use fewer columns, or one of type jsonb'),
      ('definitions', used.definitions, 'bytes of definitions and comments', 'make them shorter'),
      ('reach', case when tag ~ 'VIEW' and moment = 'ddl_command_end' then quota.reach(tenant) end,
        'tables that a view comes to, with those inside of other views', 'name fewer views in it'),
      ('statistics', upkeep.statistics, 'extended statistics', 'drop what is not needed'),
      ('width', upkeep.width, 'columns in extended statistics', 'name those that depend on each other'),
      ('expressions', upkeep.expressions, 'expressions in extended statistics',
        'make a column of it, GENERATED ALWAYS AS (...) STORED'),
      ('target', upkeep.target, 'values in the statistics of a column', 'leave them as they are, SET STATISTICS -1'),
      ('settings', upkeep.settings, 'settings of autovacuum', 'leave them out, the database maintains itself')
    ) as u (name, used, what, way)
      join quota.most m using (name)
  loop
    -- Before, there has to be room for one more.
    if known.used > known.value or (moment = 'ddl_command_start' and known.used >= known.value and known.value > 0) then
      raise exception using
        errcode = '53400',
        message = format('a project may have %s %s, and this would be more', coalesce(nullif(known.value, 0)::text, 'no'), known.what),
        hint = upper(left(known.way, 1)) || substr(known.way, 2) || '.';
    end if;
  end loop;
end
$$;

-- What a transaction makes no other session sees before its end: two could both find room for what only one may make. So
-- all is looked at once more when a transaction ends, one of a project's after the other.
--
-- Transactions that changed a schema and have not ended yet: each session sees its own.
create table if not exists quota.changing (
  tenant name,
  pid integer,
  primary key (tenant, pid)
);
-- How often a project changed its schema. Who ends a transaction waits for this row, and sees what those before it made;
-- who cannot, because it looks at an older state (`REPEATABLE READ`), is told to begin again.
create table if not exists quota.changes (
  tenant name primary key,
  number bigint not null
);

create or replace function quota.settle() returns trigger
  language plpgsql security definer set search_path = pg_catalog as $$
begin
  delete from quota.changing c where c.tenant = new.tenant and c.pid = new.pid;
  insert into quota.changes as c (tenant, number) values (new.tenant, 1)
  on conflict (tenant) do update set number = c.number + 1;
  perform quota.look(r.oid, 'commit', '') from pg_roles r where r.rolname = new.tenant;
  return null;
end
$$;

do $$
begin
  drop trigger if exists quota_settle on quota.changing;
  create constraint trigger quota_settle after insert on quota.changing
    deferrable initially deferred for each row execute function quota.settle();
end
$$;

create or replace function quota.check() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  tenant oid := (select r.oid from pg_roles r where r.rolname = session_user and not r.rolsuper and not r.rolcreaterole);
begin
  if tenant is null then
    return;
  end if;
  perform quota.look(tenant, tg_event, tg_tag);
  if tg_event = 'ddl_command_end' then
    perform quota.tend(tenant);
    insert into quota.changing (tenant, pid) values (session_user, pg_backend_pid()) on conflict do nothing;
  end if;
end
$$;

do $$
begin
  drop event trigger if exists quota_before;
  drop event trigger if exists quota_after;
  -- An index that is made concurrently is there before the second can refuse it.
  create event trigger quota_before on ddl_command_start
    when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE INDEX', 'CREATE VIEW',
      'CREATE MATERIALIZED VIEW', 'CREATE SEQUENCE', 'CREATE TYPE', 'CREATE DOMAIN', 'CREATE STATISTICS')
    execute function quota.check();
  create event trigger quota_after on ddl_command_end
    when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE INDEX', 'CREATE VIEW',
      'CREATE MATERIALIZED VIEW', 'CREATE SEQUENCE', 'CREATE TYPE', 'CREATE DOMAIN', 'CREATE STATISTICS',
      'ALTER TABLE', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW', 'ALTER INDEX', 'ALTER SEQUENCE', 'ALTER TYPE',
      'ALTER DOMAIN', 'ALTER STATISTICS', 'COMMENT')
    execute function quota.check();
end
$$;

-- How long a relation's files are. Asked of the file system: Postgres' own functions wait for a lock of the relation, which
-- the tenant may hold. A relation that is made or written anew in a transaction is seen when that has ended.
create or replace function quota.file_size(relation oid) returns bigint
  language plpgsql volatile set search_path = pg_catalog as $$
declare
  path constant text := pg_relation_filepath(relation);
  bytes bigint := 0;
  piece bigint;
  fork text;
  number integer;
begin
  if path is null then
    return 0;
  end if;
  foreach fork in array array['', '_fsm', '_vm', '_init'] loop
    number := 0;
    -- Each file has a gibibyte at most.
    loop
      piece := (pg_stat_file(path || fork || case number when 0 then '' else '.' || number end, true)).size;
      exit when piece is null;
      bytes := bytes + piece;
      number := number + 1;
    end loop;
  end loop;
  return bytes;
end
$$;

-- What a tenant has and stores, for the host: everything that belongs to its tables, what the planner knows of them, and
-- its definitions. Waits for no lock of the tenant's.
create or replace function quota.measure(tenant name, out relations bigint, out bytes bigint)
  language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
  owner constant oid := (select r.oid from pg_roles r where r.rolname = tenant);
  definitions bigint;
begin
  select u.relations, u.definitions into relations, definitions from quota.used(owner) as u;
  with own as materialized (
    select o.objid as oid from quota.owned(owner) o where o.classid = 'pg_class'::regclass
  ), long as materialized (
    select c.reltoastrelid as oid from own o join pg_class c on c.oid = o.oid where c.reltoastrelid <> 0
  ), stored as materialized (
    select o.oid from own o
    union all select l.oid from long l
    union all select i.indexrelid from long l join pg_index i on i.indrelid = l.oid
  )
  select definitions + coalesce((select sum(quota.file_size(s.oid)) from stored s), 0) + coalesce((
      select sum(coalesce(pg_column_size(k.stavalues1), 0) + coalesce(pg_column_size(k.stavalues2), 0)
        + coalesce(pg_column_size(k.stavalues3), 0))
      from own o join pg_statistic k on k.starelid = o.oid), 0)
    into bytes;
  bytes := coalesce(bytes, 0);
end
$$;
revoke all on function quota.measure(name) from public;
grant execute on function quota.measure(name) to provisioner;

-- The statements that take a tenant's schema apart, a relation in each, so that no transaction needs more locks than one
-- relation has: first indexes, then partitions, then what is left. Not what goes with something else.
create or replace function quota.pieces(tenant name) returns setof text
  language sql stable security definer set search_path = pg_catalog
begin atomic
  select format('drop %s if exists %I.%I cascade',
      case c.relkind
        when 'i' then 'index' when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table'
      end, n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = tenant and c.relkind in ('i', 'r', 'p', 'v', 'm', 'S')
    and not (c.relkind = 'i' and (
      c.relispartition or exists (select from pg_constraint k where k.conindid = c.oid)))
    and not (c.relkind = 'S' and exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')))
  order by c.relkind = 'i' desc, c.relkind = 'r' and c.relispartition desc, c.relkind = 'r' desc, c.oid desc;
end;
revoke all on function quota.pieces(name) from public;
grant execute on function quota.pieces(name) to provisioner;

-- Who has a statement in this database that has run for so many milliseconds.
create or replace function quota.running(milliseconds bigint) returns setof name
  language sql stable security definer set search_path = pg_catalog
begin atomic
  select distinct a.usename from pg_stat_activity a
  where a.datname = current_database() and a.state = 'active' and a.usename like 't\_%'
    and a.query_start < clock_timestamp() - make_interval(secs => milliseconds / 1000.0);
end;
revoke all on function quota.running(bigint) from public;
grant execute on function quota.running(bigint) to provisioner;

-- Gives such sessions the server's lowest priority, where it runs on a system that has priorities: what cannot be ended
-- takes what nobody else wants. Says how many. Their processes belong to the user of the server, who may do so.
create or replace function quota.slow_down(milliseconds bigint) returns bigint
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  process integer;
  slowed bigint := 0;
begin
  for process in
    -- A role that was dropped has no name.
    select a.pid from pg_stat_activity a
    where a.datname = current_database() and a.state = 'active' and a.backend_type = 'client backend'
      and (a.usename like 't\_%' or a.usename is null)
      and a.query_start < clock_timestamp() - make_interval(secs => milliseconds / 1000.0)
  loop
    begin
      execute format('copy (select 1) to program %L',
        format('cat > /dev/null; PATH=/usr/bin:/bin renice -n 19 -p %s > /dev/null', process));
      slowed := slowed + 1;
    exception when others then
      raise log 'process % was not given the lowest priority: %', process, sqlerrm;
    end;
  end loop;
  return slowed;
end
$$;
revoke all on function quota.slow_down(bigint) from public;
grant execute on function quota.slow_down(bigint) to provisioner;

-- The limits are the provisioner's to write down.
grant usage on schema quota to provisioner;
grant select, insert, update on quota.most to provisioner;
