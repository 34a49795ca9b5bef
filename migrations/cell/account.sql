-- What tenants write into the catalogs, which are everybody's: each change of a schema leaves rows there that are dead at
-- once or after the next change, also one that fails or is rolled back. Each tenant has an account of bytes that fills up
-- again slowly, so there are never many more dead rows than accounts allow and autovacuum clears. Run after `upkeep.sql`;
-- running it again changes nothing.
--
-- An account is a sequence, because no rollback undoes what is written to one. Its value is the moment, in microseconds,
-- at which all that was written is paid for.

insert into quota.most (name, value) values ('written', 67108864), ('written_a_second', 32768)
on conflict do nothing;

-- What this session has written into the catalogs since the server last took its counts, in bytes: rows with their index
-- entries, and pieces of long values.
create or replace function quota.written() returns bigint
  language sql stable set search_path = pg_catalog
begin atomic
  select coalesce(sum(
      (pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid))
        * case c.relkind when 't' then 2200 else 300 end
    ), 0)::bigint
  from pg_class c
  where c.oid < 16384 and c.relkind in ('r', 't')
    and c.relnamespace in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace);
end;

-- What is taken for a change before it is known what it writes, and is all that is taken when it fails: by then it may have
-- written all of it. Each part of an ALTER TABLE, which a comma ends, is carried out for each partition and each child, and
-- so is an index; a partition takes on each index of its parent. No statement is charged more than an account holds. Taking
-- away costs nothing before.
drop function if exists quota.estimate(text);
create or replace function quota.estimate(tenant oid, tag text) returns bigint
  language plpgsql stable set search_path = pg_catalog as $$
declare
  each_part constant bigint := 6000;
  statement constant text := current_query();
  length constant bigint := octet_length(statement);
  parts constant bigint := 1 + length - octet_length(replace(statement, ',', ''));
  -- Only what has parents or children makes a statement one of many relations.
  relations bigint := 1;
begin
  if tag like 'DROP %' then
    return 0;
  end if;
  if tag in ('ALTER TABLE', 'ALTER INDEX', 'CREATE INDEX', 'CREATE TABLE') then
    select 1 + count(*) into relations
    from quota.owned(tenant) o join pg_inherits i on i.inhrelid = o.objid
    where o.classid = 'pg_class'::regclass;
  end if;
  return least((select m.value from quota.most m where m.name = 'written'), 2 * length + case
    when tag = 'ALTER TABLE' then 524288 + each_part * parts * relations
    when tag = 'CREATE TABLE' then 524288 + each_part * relations
    when tag in ('CREATE INDEX', 'ALTER INDEX') then 16384 + each_part * relations
    when tag in ('CREATE TABLE AS', 'SELECT INTO', 'CREATE VIEW', 'CREATE MATERIALIZED VIEW') then 524288
    else 16384
  end);
end
$$;

-- Takes so many bytes from an account, or gives them back, as far as they are owed. Who has none is made one by the host.
--
-- Between the look at the account and its change no other session may do the same: one of the two would not be counted.
-- The block is rolled back so that the lock ends with it, and not with the tenant's transaction.
create or replace function quota.charge(tenant name, bytes bigint) returns void
  language plpgsql set search_path = pg_catalog as $$
declare
  account constant regclass := to_regclass(format('quota.%I', tenant));
  moment constant bigint := extract(epoch from clock_timestamp()) * 1000000;
begin
  if account is null then
    return;
  end if;
  begin
    perform pg_advisory_xact_lock(2, account::oid::integer);
    perform setval(account, greatest(moment, greatest(coalesce(pg_sequence_last_value(account), 0), moment)
      + bytes * 1000000 / (select m.value from quota.most m where m.name = 'written_a_second')));
    raise exception using errcode = 'DONE0';
  exception when sqlstate 'DONE0' then
    null;
  end;
end
$$;

create or replace function quota.begin_change() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  most constant bigint := (select m.value from quota.most m where m.name = 'written');
  rate constant bigint := (select m.value from quota.most m where m.name = 'written_a_second');
  moment constant bigint := extract(epoch from clock_timestamp()) * 1000000;
  charged bigint := 0;
  wait bigint;
begin
  if not quota.is_tenant() then
    return;
  end if;
  if tg_tag not like 'DROP %' then
    wait := (coalesce(pg_sequence_last_value(to_regclass(format('quota.%I', session_user))), 0) - moment) / 1000000 - most / rate;
    if wait >= 0 then
      raise exception using
        errcode = '53400',
        message = format('a project may write %s of definitions at once, and %s a second after that',
          pg_size_pretty(most), pg_size_pretty(rate)),
        hint = format('Wait for %s seconds before the next change of the schema.', wait + 1);
    end if;
    charged := quota.estimate(session_user::regrole, tg_tag);
    perform quota.charge(session_user, charged);
  end if;
  -- What the end gives back is what was taken here.
  perform set_config('quota.charged', charged::text, false);
  perform set_config('quota.written', quota.written()::text, false);
end
$$;

create or replace function quota.end_change() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  before constant bigint := nullif(current_setting('quota.written', true), '')::bigint;
  charged constant bigint := nullif(current_setting('quota.charged', true), '')::bigint;
begin
  if quota.is_tenant() then
    perform quota.charge(session_user, greatest(quota.written() - coalesce(before, 0), 0) - coalesce(charged, 0));
    perform set_config('quota.charged', '0', false);
  end if;
end
$$;

-- Whether the session is a tenant's: neither the administrator's nor the provisioner's.
create or replace function quota.is_tenant() returns boolean
  language sql stable set search_path = pg_catalog
begin atomic
  select exists (select from pg_roles r where r.rolname = session_user and not r.rolsuper and not r.rolcreaterole);
end;

do $$
begin
  drop event trigger if exists quota_account;
  -- In the order of their names: what has no room is refused before it is charged, and charged before it is refused.
  drop event trigger if exists quota_charge;
  create event trigger quota_charge on ddl_command_start execute function quota.begin_change();
  create event trigger quota_account on ddl_command_end execute function quota.end_change();
end
$$;

-- An account for a tenant, and its end.
create or replace function quota.open(tenant name) returns void
  language plpgsql security definer set search_path = pg_catalog as $$
begin
  if tenant !~ '^t_[a-z2-7]{26}$' then
    raise exception '% is no name of a tenant', tenant;
  end if;
  execute format('create sequence if not exists quota.%I', tenant);
end
$$;
create or replace function quota.close(tenant name) returns void
  language plpgsql security definer set search_path = pg_catalog as $$
begin
  if tenant !~ '^t_[a-z2-7]{26}$' then
    raise exception '% is no name of a tenant', tenant;
  end if;
  execute format('drop sequence if exists quota.%I', tenant);
  delete from quota.changes c where c.tenant = close.tenant;
end
$$;
revoke all on function quota.open(name), quota.close(name) from public;
grant execute on function quota.open(name), quota.close(name) to provisioner;

-- Those that were made before.
select quota.open(n.nspname) from pg_namespace n where n.nspname ~ '^t_[a-z2-7]{26}$';
