-- What the server does for a tenant's tables when nobody asks. Autovacuum has few workers for all tenants, and no deadline
-- in them: a tenant decides neither what they calculate nor how slowly they go. Run after `quotas.sql`; running it again
-- changes nothing.

-- Relations whose ANALYZE took too long once. They have no statistics, until they are made anew.
create table if not exists quota.unanalyzed (
  relation oid primary key
);

-- What is analyzed now, and since when it was seen to be: an autovacuum of a table may vacuum it for long before.
create table if not exists quota.analyzing (
  pid integer,
  started timestamptz,
  relation oid,
  since timestamptz not null default clock_timestamp(),
  primary key (pid, started, relation)
);

-- Sees to what a tenant has just made or changed.
create or replace function quota.tend(tenant oid) returns void
  language plpgsql set search_path = pg_catalog as $$
declare
  never constant text := 'autovacuum_analyze_threshold=2147483647';
begin
  -- For statistics of an index's expression ANALYZE calculates it for each row of its sample, in the name of its owner:
  -- without them it does not. The planner then takes of a unique index that it is one, and guesses otherwise.
  update pg_attribute a set attstattarget = 0
  from quota.owned(tenant) o join pg_index i on i.indexrelid = o.objid
  where o.classid = 'pg_class'::regclass and i.indexprs is not null
    and a.attrelid = i.indexrelid and a.attnum > 0 and a.attstattarget is distinct from 0;
  update pg_class c set reloptions = never || array(
      select o from unnest(c.reloptions) as o where o not like 'autovacuum\_analyze\_threshold=%')
  from quota.unanalyzed u
  where c.oid = u.relation and c.relowner = tenant and c.relkind in ('r', 'm')
    and never <> all (coalesce(c.reloptions, '{}'));
end
$$;

-- What a tenant has that would keep the workers busy: extended statistics, the most columns that one is of, and how many
-- have expressions; the most values that a column's statistics may have; settings of relations about autovacuum.
create or replace function quota.upkeep(tenant oid, out statistics bigint, out width bigint, out expressions bigint,
    out target bigint, out settings bigint)
  language sql stable set search_path = pg_catalog
begin atomic
  with owned as (
    select o.classid, o.objid from quota.owned(tenant) o
  ), relation as (
    select c.oid, c.reltoastrelid, c.reloptions
    from owned o join pg_class c on c.oid = o.objid where o.classid = 'pg_class'::regclass
  ), extended as (
    select e.stxkeys, e.stxexprs, e.stxstattarget
    from owned o join pg_statistic_ext e on e.oid = o.objid where o.classid = 'pg_statistic_ext'::regclass
  )
  select
    (select count(*) from extended),
    (select coalesce(max(cardinality(e.stxkeys::int2[])), 0)::bigint from extended e),
    (select count(*) from extended e where e.stxexprs is not null),
    greatest(
      (select max(a.attstattarget) from relation r join pg_attribute a on a.attrelid = r.oid where a.attnum > 0),
      (select max(e.stxstattarget) from extended e),
      0)::bigint,
    (
      select count(*)
      from relation r left join pg_class t on t.oid = r.reltoastrelid cross join unnest(r.reloptions || t.reloptions) as o
      where o ~ '^(log_)?auto(vacuum|summarize)' and o <> 'autovacuum_analyze_threshold=2147483647'
    );
end;

-- Ends each ANALYZE of a tenant's table that was seen first so many milliseconds ago, whoever runs it, and has the table
-- left out from then on. Says whose it was. To be called again and again.
create or replace function quota.calm(milliseconds bigint) returns setof name
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  known record;
begin
  insert into quota.analyzing (pid, started, relation)
  select p.pid, a.query_start, p.relid
  from pg_stat_progress_analyze p join pg_stat_activity a on a.pid = p.pid
  where p.datname = current_database() and a.query_start is not null
  on conflict do nothing;
  delete from quota.analyzing x
  where not exists (
    select from pg_stat_progress_analyze p join pg_stat_activity a on a.pid = p.pid
    where p.pid = x.pid and a.query_start = x.started and p.relid = x.relation);
  for known in
    select x.pid, x.relation, r.oid as owner, r.rolname
    from quota.analyzing x
      join pg_class c on c.oid = x.relation
      join pg_roles r on r.oid = c.relowner
    where r.rolname like 't\_%' and x.since <= clock_timestamp() - make_interval(secs => milliseconds / 1000.0)
  loop
    insert into quota.unanalyzed (relation) values (known.relation) on conflict do nothing;
    perform pg_cancel_backend(known.pid);
    -- Its owner may hold a lock of the table, or change it right now: then it is left out the next time.
    begin
      perform quota.tend(known.owner);
    exception when others then
      raise log 'what % has made was not tended: %', known.rolname, sqlerrm;
    end;
    return next known.rolname;
  end loop;
  delete from quota.unanalyzed u where not exists (select from pg_class c where c.oid = u.relation);
end
$$;
revoke all on function quota.calm(bigint) from public;
grant execute on function quota.calm(bigint) to provisioner;

-- What was made before.
select quota.tend(r.oid) from pg_roles r where r.rolname ~ '^t_[a-z2-7]{26}$';
