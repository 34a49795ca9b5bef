-- What tenants may read of the catalogs: views of those that libraries ask, of the tenant's own objects and of what
-- every database has. Run after `harden.sql`; running it again changes nothing.
--
-- A statement names them as `catalog.pg_class`; the SDK's `pg` writes that for a bot that asks `pg_class`. Only their
-- rows are different from those of `pg_catalog`. Each shows what the session's user owns: no session changes roles.

create schema if not exists catalog;
revoke all on schema catalog from public;
grant usage on schema catalog to tenants;

-- 1. Views. Their owner may read the catalogs; `security_barrier`, so that no function of a statement sees other rows.
create or replace view catalog.pg_namespace with (security_barrier) as
  select n.* from pg_catalog.pg_namespace n
  where n.nspname in (session_user, 'pg_catalog', 'information_schema');

-- How large a catalog is would tell how many other tenants there are, and what they have.
do $$
declare
  columns text;
begin
  select string_agg(
      case
        when a.attname in ('relpages', 'reltuples', 'relallvisible', 'relallfrozen')
        then format('(case when n.nspname = session_user then c.%1$I else 0 end)::%2$s as %1$I', a.attname, format_type(a.atttypid, null))
        else format('c.%I', a.attname)
      end, ', ' order by a.attnum) into columns
  from pg_catalog.pg_attribute a
  where a.attrelid = 'pg_catalog.pg_class'::regclass and a.attnum > 0 and not a.attisdropped;
  execute format('create or replace view catalog.pg_class with (security_barrier) as
    select %s from pg_catalog.pg_class c join catalog.pg_namespace n on n.oid = c.relnamespace', columns);
end
$$;

create or replace view catalog.pg_type with (security_barrier) as
  select t.* from pg_catalog.pg_type t
  where t.typnamespace in (select n.oid from catalog.pg_namespace n);

do $$
declare
  catalog record;
  columns text;
begin
  for catalog in
    select * from (values
      -- of a relation
      ('pg_attribute', 'attrelid in (select c.oid from catalog.pg_class c)'),
      ('pg_attrdef', 'adrelid in (select c.oid from catalog.pg_class c)'),
      ('pg_index', 'indrelid in (select c.oid from catalog.pg_class c)'),
      ('pg_inherits', 'inhrelid in (select c.oid from catalog.pg_class c)'),
      ('pg_sequence', 'seqrelid in (select c.oid from catalog.pg_class c)'),
      ('pg_trigger', 'tgrelid in (select c.oid from catalog.pg_class c)'),
      ('pg_description', 'classoid = ''pg_catalog.pg_class''::regclass and objoid in (select c.oid from catalog.pg_class c)'),
      -- a column's sequence is what libraries look for here
      ('pg_depend', 'classid = ''pg_catalog.pg_class''::regclass and objid in (select c.oid from catalog.pg_class c)'),
      -- of a schema
      ('pg_constraint', 'connamespace in (select n.oid from catalog.pg_namespace n)'),
      ('pg_proc', 'pronamespace in (select n.oid from catalog.pg_namespace n)'),
      ('pg_operator', 'oprnamespace in (select n.oid from catalog.pg_namespace n)'),
      ('pg_opclass', 'opcnamespace in (select n.oid from catalog.pg_namespace n)'),
      ('pg_collation', 'collnamespace in (select n.oid from catalog.pg_namespace n)'),
      -- of a type
      ('pg_enum', 'enumtypid in (select t.oid from catalog.pg_type t)'),
      ('pg_range', 'rngtypid in (select t.oid from catalog.pg_type t)'),
      -- of the database
      ('pg_am', 'true'),
      ('pg_language', 'true'),
      ('pg_extension', 'true'),
      ('pg_database', 'datname = current_database()'),
      ('pg_roles', 'rolname = session_user')
    ) as known (name, shown)
  loop
    -- All but what a view cannot have: columns of no type of their own.
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns
    from pg_catalog.pg_attribute a
    where a.attrelid = ('pg_catalog.' || catalog.name)::regclass
      and a.attnum > 0 and not a.attisdropped and a.atttypid <> 'anyarray'::regtype;
    execute format('create or replace view catalog.%I with (security_barrier) as select %s from pg_catalog.%I where %s',
      catalog.name, columns, catalog.name, catalog.shown);
  end loop;
end
$$;

-- 2. Functions that tell of an object by its number: of an object of one's own.
create or replace function catalog.is_own(relation oid) returns boolean
  language sql stable security definer set search_path = pg_catalog
  return exists (
    select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = relation and n.nspname = session_user);

create or replace function catalog.pg_get_indexdef(index_oid oid) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(index_oid) then pg_catalog.pg_get_indexdef(index_oid) end;
create or replace function catalog.pg_get_indexdef(index_oid oid, number integer, pretty boolean) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(index_oid) then pg_catalog.pg_get_indexdef(index_oid, number, pretty) end;
create or replace function catalog.pg_get_viewdef(view_oid oid) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(view_oid) then pg_catalog.pg_get_viewdef(view_oid) end;
create or replace function catalog.pg_get_viewdef(view_oid oid, pretty boolean) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(view_oid) then pg_catalog.pg_get_viewdef(view_oid, pretty) end;
create or replace function catalog.pg_get_constraintdef(constraint_oid oid, pretty boolean default false) returns text
  language sql stable security definer set search_path = pg_catalog
  return (
    select pg_catalog.pg_get_constraintdef(c.oid, pretty)
    from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace
    where c.oid = constraint_oid and n.nspname = session_user);
create or replace function catalog.col_description(relation oid, number integer) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(relation) then pg_catalog.col_description(relation, number) end;
create or replace function catalog.obj_description(object oid, kind name) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when kind = 'pg_class' and catalog.is_own(object) then pg_catalog.obj_description(object, kind) end;
create or replace function catalog.obj_description(object oid) returns text
  language sql stable security definer set search_path = pg_catalog
  return catalog.obj_description(object, 'pg_class');
create or replace function catalog.pg_get_expr(expression pg_node_tree, relation oid) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when relation = 0 or catalog.is_own(relation) then pg_catalog.pg_get_expr(expression, relation) end;
create or replace function catalog.pg_get_expr(expression pg_node_tree, relation oid, pretty boolean) returns text
  language sql stable security definer set search_path = pg_catalog
  return case when relation = 0 or catalog.is_own(relation) then pg_catalog.pg_get_expr(expression, relation, pretty) end;
create or replace function catalog.format_type(type_oid oid, modifier integer) returns text
  language sql stable security definer set search_path = pg_catalog
  return (select pg_catalog.format_type(t.oid, modifier) from catalog.pg_type t where t.oid = type_oid);
create or replace function catalog.pg_relation_is_updatable(relation regclass, include_triggers boolean) returns integer
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(relation) then pg_catalog.pg_relation_is_updatable(relation, include_triggers) end;
create or replace function catalog.pg_column_is_updatable(relation regclass, number smallint, include_triggers boolean)
  returns boolean
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(relation) then pg_catalog.pg_column_is_updatable(relation, number, include_triggers) end;
create or replace function catalog.pg_get_userbyid(role_oid oid) returns name
  language sql stable security definer set search_path = pg_catalog
  return (select r.rolname from pg_catalog.pg_roles r where r.oid = role_oid and r.rolname in (session_user, 'postgres'));

-- 3. The views that show definitions, which ask the functions above.
create or replace view catalog.pg_indexes with (security_barrier) as
  select n.nspname as schemaname, t.relname as tablename, i.relname as indexname, null::name as tablespace,
    catalog.pg_get_indexdef(i.oid) as indexdef
  from catalog.pg_index x
    join catalog.pg_class t on t.oid = x.indrelid
    join catalog.pg_class i on i.oid = x.indexrelid
    join catalog.pg_namespace n on n.oid = t.relnamespace
  where n.nspname = session_user;

create or replace view catalog.pg_tables with (security_barrier) as
  select n.nspname as schemaname, c.relname as tablename, catalog.pg_get_userbyid(c.relowner) as tableowner,
    null::name as tablespace, c.relhasindex as hasindexes, c.relhasrules as hasrules, c.relhastriggers as hastriggers,
    c.relrowsecurity as rowsecurity
  from catalog.pg_class c join catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p');

create or replace view catalog.pg_views with (security_barrier) as
  select n.nspname as schemaname, c.relname as viewname, session_user::name as viewowner,
    catalog.pg_get_viewdef(c.oid) as definition
  from catalog.pg_class c join catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'v' and n.nspname = session_user;

create or replace view catalog.pg_matviews with (security_barrier) as
  select n.nspname as schemaname, c.relname as matviewname, session_user::name as matviewowner,
    c.relispopulated as ispopulated, catalog.pg_get_viewdef(c.oid) as definition
  from catalog.pg_class c join catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'm' and n.nspname = session_user;

-- What libraries join to find a relation by its name; nothing is counted in them.
do $$
declare
  name text;
begin
  foreach name in array array['pg_stat_all_tables', 'pg_stat_user_tables', 'pg_statio_all_tables', 'pg_statio_user_tables']
  loop
    execute format('create or replace view catalog.%I with (security_barrier) as
      select c.oid as relid, n.nspname as schemaname, c.relname
      from catalog.pg_class c join catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in (''r'', ''t'', ''m'', ''p'') and n.nspname = session_user', name);
  end loop;
end
$$;

create or replace function catalog.index_position(relation oid, number smallint) returns integer
  language sql stable security definer set search_path = pg_catalog
  return case when catalog.is_own(relation) then information_schema._pg_index_position(relation, number) end;

-- 4. `information_schema` asks functions whether something is the tenant's, by its number, and these would tell the same
-- of another's. A tenant sees there what it owns. These are such that the planner takes them apart, and finds few rows.
-- The number of a role as a constant of each session's plans: nothing is looked up for each row.
create or replace function catalog.own_role() returns oid
  language sql immutable security definer set search_path = pg_catalog
  return (select r.oid from pg_catalog.pg_roles r where r.rolname = session_user);
-- Says who owns what has no list of rights: by a name, for any number.
create or replace function catalog.acldefault(kind "char", owner oid) returns aclitem[]
  language sql stable security definer set search_path = pg_catalog
  return case when owner < 16384 or owner = catalog.own_role() then pg_catalog.acldefault(kind, owner) end;
-- Tenants have no triggers, and none of their functions has a default.
create or replace function catalog.pg_get_triggerdef(trigger_oid oid) returns text
  language sql immutable parallel safe return null;
create or replace function catalog.pg_get_function_arg_default(function_oid oid, number integer) returns text
  language sql immutable parallel safe return null;
create or replace function catalog.has_schema_privilege(schema_oid oid, privilege text) returns boolean
  language sql stable parallel safe return schema_oid = to_regnamespace(session_user::text)::oid;
create or replace function catalog.has_schema_privilege(schema_name name, privilege text) returns boolean
  language sql stable parallel safe return schema_name in (session_user, 'pg_catalog', 'information_schema');
create or replace function catalog.is_shown(schema_name name) returns boolean
  language sql stable parallel safe
  return coalesce(schema_name in (session_user, 'pg_catalog', 'information_schema'), true);
create or replace function catalog.pg_has_role(role_oid oid, privilege text) returns boolean
  language sql stable parallel safe return role_oid = catalog.own_role();
create or replace function catalog.pg_has_role(role_name name, privilege text) returns boolean
  language sql stable parallel safe return role_name = session_user;
create or replace function catalog.pg_has_role(member oid, role_oid oid, privilege text) returns boolean
  language sql stable parallel safe return member = role_oid;

do $$
declare
  object text;
  definition text;
  rewritten text;
  schemas text;
  view record;
begin
  -- What a tenant may do with what is another's: nothing.
  foreach object in array array['table', 'any_column', 'sequence', 'function', 'type', 'server', 'foreign_data_wrapper']
  loop
    execute format('create or replace function catalog.has_%s_privilege(object oid, privilege text) returns boolean
      language sql immutable parallel safe return false', object);
  end loop;
  create or replace function catalog.has_column_privilege(relation oid, number smallint, privilege text) returns boolean
    language sql immutable parallel safe return false;
  for view in
    select c.oid, c.relname from pg_catalog.pg_class c
    where c.relnamespace = 'information_schema'::regnamespace and c.relkind = 'v'
  loop
    definition := pg_get_viewdef(view.oid);
    rewritten := regexp_replace(
      definition,
      '(?<![\w.])(pg_has_role|has_\w+_privilege|pg_get_expr|pg_get_viewdef|pg_get_constraintdef|pg_get_triggerdef|pg_get_function_arg_default|acldefault|format_type|pg_relation_is_updatable|pg_column_is_updatable)\(',
      'catalog.\1(', 'g');
    -- Reads the catalogs, in the name of who asks.
    rewritten := replace(rewritten, 'information_schema._pg_index_position(', 'catalog.index_position(');
    -- Postgres lets everybody use a type and call what makes a range, and shows so much of everybody's: each row is of
    -- the schemas that it names.
    select string_agg(format('catalog.is_shown(shown.%I)', a.attname), ' and ' order by a.attnum) into schemas
    from pg_catalog.pg_attribute a
    where a.attrelid = view.oid and a.attnum > 0 and a.attname ~ '(^|_)schema$';
    if schemas is not null and position('catalog.is_shown(' in definition) = 0 then
      rewritten := format('select shown.* from (%s) as shown where %s', rtrim(rewritten, E' ;\n'), schemas);
    end if;
    if rewritten <> definition then
      execute format('create or replace view information_schema.%I as %s', view.relname, rewritten);
    end if;
    -- So that no condition of a statement sees rows that the view hides: it would tell of them by an error.
    execute format('alter view information_schema.%I set (security_barrier)', view.relname);
  end loop;
end
$$;

-- What a column of intervals is of: `DAY TO SECOND`. As Postgres has it, it asks for the name of any type.
create or replace function information_schema._pg_interval_type(typid oid, mod integer) returns text
  language sql immutable parallel safe returns null on null input
  return case
    when typid = 1186
    then nullif(upper(btrim(regexp_replace(catalog.format_type(typid, mod), '^interval[()0-9]*', ''))), '')
  end;

-- `information_schema.columns` asks this of each `varchar(n)`, and as Postgres has it, it reads `pg_database`.
create or replace function information_schema._pg_char_octet_length(typid oid, typmod integer) returns integer
  language sql immutable parallel safe returns null on null input
  return case
    when typid in (25, 1042, 1043) then
      case
        when typmod = -1 then 1073741824
        else information_schema._pg_char_max_length(typid, typmod) *
          pg_catalog.pg_encoding_max_length(pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))
      end
    end;

-- Whether a DELETE from a relation of one's own, and what it cascades to, does nothing but delete: no foreign key sets
-- columns of other rows, no trigger or rule does anything else. Null where there is no such table. For the host, which lets
-- nothing else through to a database that is full. Foreign keys are found by their triggers, of which there is an index.
create or replace function catalog.only_deletes(relation_name text) returns boolean
  language sql stable security definer set search_path = pg_catalog
begin atomic
  with recursive start as (
    select c.oid
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = session_user and c.relname = relation_name::name and c.relkind in ('r', 'p')
  ), reached as (
    select s.oid from start s
    union
    select next.oid
    from reached r cross join lateral (
      select i.inhrelid as oid from pg_catalog.pg_inherits i where i.inhparent = r.oid
      union all
      select k.conrelid
      from pg_catalog.pg_trigger t join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
      where t.tgrelid = r.oid and k.confrelid = r.oid and k.confdeltype = 'c'
    ) as next
  )
  select not exists (
      select from reached r
      where exists (
          select from pg_catalog.pg_trigger t left join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
          where t.tgrelid = r.oid and (not t.tgisinternal or k.confrelid = r.oid and k.confdeltype in ('n', 'd')))
        or exists (select from pg_catalog.pg_rewrite w where w.ev_class = r.oid and w.ev_type <> '1')
    )
  from start;
end;

revoke all on all functions in schema catalog from public;
grant select on all tables in schema catalog to tenants;
grant execute on all functions in schema catalog to tenants;
