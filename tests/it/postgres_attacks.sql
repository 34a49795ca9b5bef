-- What a hostile tenant `{a}` sends, with `{b}` as its victim. Read by `postgres_attacks.rs`.
--
-- Each block is one attack: its name; what the server does when no filter stands before it (`refused`:
-- at least one statement fails; `works`: none does); what the filter says of the first statement (`denied` or `passes`).
-- Where the server lets one work it must gain nothing: the victim's data, and the tenant's own name, are
-- checked after each. `{db}` is the cell, `{backend}` a session of the administrator.

-- RESET ROLE: works, denied
reset role
select current_user

-- SET ROLE NONE: works, denied
set role none
select current_user

-- SET ROLE victim: refused, denied
set role {b}
select v from {b}.secret

-- SET SESSION AUTHORIZATION victim: refused, denied
set session authorization {b}
select v from {b}.secret

-- SET SESSION AUTHORIZATION DEFAULT: works, denied
set session authorization default
select current_user

-- DISCARD ALL: works, denied
discard all
select current_user

-- set_config role none: refused, passes
select set_config('role','none',false)
select current_user

-- set_config role victim: refused, passes
select set_config('role','{b}',false)
select v from {b}.secret

-- UPDATE pg_settings statement_timeout: refused, passes
update pg_settings set setting='0' where name='statement_timeout'
select current_setting('statement_timeout')

-- DO block EXECUTE reset role: refused, denied
do $$ begin execute 'res'||'et role'; end $$
select current_user

-- DO block SET ROLE victim + read: refused, denied
do $$ declare x text; begin execute 'set role {b}'; execute 'select v from {b}.secret' into x; raise exception 'LEAK %', x; end $$

-- SQL function RESET ROLE: refused, denied
create function {a}.f1() returns text language sql as 'reset role; select current_user::text'
select {a}.f1()

-- function SET role clause: refused, denied
create function {a}.f2() returns text language sql set role='{b}' as 'select v from {b}.secret'
select {a}.f2()

-- direct read victim.secret: refused, passes
select v from {b}.secret

-- schema existence oracle: refused, passes
select '{b}.secret'::regclass

-- catalog pg_class names: refused, passes
select string_agg(relname,',') from pg_class where relname='secret'

-- catalog pg_namespace: refused, passes
select nspname from pg_namespace where nspname='{b}'

-- pg_roles list: refused, passes
select rolname from pg_roles where rolname='{b}'

-- pg_db_role_setting: refused, passes
select count(*) from pg_db_role_setting

-- pg_proc source of victim: refused, passes
select prosrc from pg_proc where proname='fsecret'

-- pg_views text of victim: refused, passes
select definition from pg_views where viewname='vsecret'

-- pg_description victim: refused, passes
select description from pg_description where description='B-comment'

-- regclass out by oid scan: works, passes
select g::oid::regclass::text from generate_series(16384,60000) g where g::oid::regclass::text ~ 'secret$' limit 1

-- regnamespace by oid scan: works, passes
select g::oid::regnamespace::text from generate_series(16384,60000) g where g::oid::regnamespace::text='{b}'

-- pg_get_viewdef by oid: refused, passes
select pg_get_viewdef(g::oid) from generate_series(16384,200000) g where pg_get_viewdef(g::oid) like '%hidden-view%' limit 1

-- pg_get_userbyid scan: refused, passes
select pg_get_userbyid(g::oid) from generate_series(16384,200000) g where pg_get_userbyid(g::oid)='{b}'

-- regrole scan: works, passes
select g::oid::regrole::text from generate_series(16384,60000) g where g::oid::regrole::text='{b}' limit 1

-- pg_total_relation_size other: refused, passes
select max(pg_relation_size(g::oid)) from generate_series(16384,200000) g

-- pg_stat_user_tables: refused, passes
select relname,n_tup_ins from pg_stat_user_tables where relname='secret'

-- pg_stat_activity: refused, passes
select pid,usename,application_name,query from pg_stat_activity where usename='roost_admin' limit 1

-- pg_stat_get_activity: refused, passes
select pid,usesysid,application_name,query from pg_stat_get_activity(null) where usesysid=10 limit 1

-- pg_locks: refused, passes
select count(*) from pg_locks

-- pg_stats others: refused, passes
select count(*) from pg_stats where schemaname='{b}'

-- pg_largeobject create: refused, passes
select lo_from_bytea(0, repeat('x',100)::bytea)

-- pg_advisory_lock flood: refused, passes
select count(pg_advisory_lock(g)) from generate_series(1,60000) g

-- LISTEN: works, denied
listen hostchan

-- NOTIFY: works, denied
notify hostchan, 'fake'

-- pg_notify(): refused, passes
select pg_notify('hostchan','x')

-- CREATE TEMP TABLE: refused, denied
create temp table tt(a int)

-- CREATE EXTENSION trusted (hstore): refused, denied
create extension hstore

-- CREATE EXTENSION dblink: refused, denied
create extension dblink

-- CREATE SCHEMA: refused, denied
create schema mine2

-- CREATE DATABASE: refused, denied
create database x

-- CREATE ROLE: refused, denied
create role x

-- COPY TO PROGRAM: refused, denied
copy (select 1) to program 'id'

-- COPY TO file: refused, denied
copy (select 1) to '/tmp/x'

-- pg_read_file: refused, passes
select pg_read_file('PG_VERSION')

-- pg_ls_dir: refused, passes
select pg_ls_dir('.')

-- lo_export: refused, passes
select lo_export(1,'/tmp/x')

-- lo_import: refused, passes
select lo_import('/etc/passwd')

-- pg_authid: refused, passes
select rolpassword from pg_authid limit 1

-- pg_shadow: refused, passes
select passwd from pg_shadow limit 1

-- ALTER SYSTEM: refused, denied
alter system set work_mem='1GB'

-- ALTER ROLE self PASSWORD: works, denied
alter role {a} password 'pw'

-- ALTER ROLE self SET work_mem: works, denied
alter role {a} set work_mem='9MB'

-- ALTER ROLE self RESET ALL: works, denied
alter role {a} in database {db} set statement_timeout='0'

-- ALTER ROLE self CONNECTION LIMIT: refused, denied
alter role {a} connection limit -1

-- SET statement_timeout=0: works, denied
set statement_timeout=0

-- SET work_mem 10GB: works, denied
set work_mem='10GB'

-- SET temp_file_limit -1: refused, denied
set temp_file_limit=-1

-- SET LOCAL via set_config timeout: refused, passes
select set_config('statement_timeout','0',false)

-- SET search_path: works, denied
set search_path={b}

-- SET session_replication_role: refused, denied
set session_replication_role=replica

-- terminate other backend: refused, passes
select pg_terminate_backend({backend})

-- cancel other backend: refused, passes
select pg_cancel_backend({backend})

-- multi-statement (extended): refused, passes
select 1; select 2

-- BEGIN (leave open): works, denied
begin

-- PREPARE TRANSACTION: works, denied
prepare transaction 'x'

-- DECLARE WITH HOLD: works, denied
declare c cursor with hold for select 1

-- PREPARE stmt: works, denied
prepare zz as select 1

-- LOAD lib: refused, denied
load 'auto_explain'

-- CREATE FUNCTION sql: refused, denied
create function {a}.g() returns int language sql as 'select 1'

-- CREATE FUNCTION C: refused, denied
create function {a}.sys(cstring) returns int language c as 'libc.so.6','system'

-- CREATE FUNCTION internal: refused, denied
create function {a}.i(text,text,bool) returns text language internal as 'set_config_by_name'

-- CREATE TRIGGER builtin fn: refused, denied
create trigger t before update on {a}.mine for each row execute function suppress_redundant_updates_trigger()

-- CREATE RULE .. DO ALSO NOTIFY: works, denied
create rule r as on insert to {a}.mine do also notify hostchan
insert into {a}.mine(v) values('z')
drop rule r on {a}.mine

-- CREATE EVENT TRIGGER: refused, denied
create event trigger e on ddl_command_end execute function suppress_redundant_updates_trigger()

-- CREATE AGGREGATE on set_config: works, denied
create aggregate {a}.ag(text) (sfunc=textcat, stype=text)

-- CREATE OPERATOR over set_config: refused, denied
create operator {a}.@@@ (function=pg_catalog.pg_notify,leftarg=text,rightarg=text)

-- CREATE CAST/CONVERSION: refused, denied
create conversion {a}.cv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8

-- GRANT USAGE on own schema to victim: works, denied
grant usage on schema {a} to {b}

-- GRANT table to PUBLIC: works, denied
grant all on {a}.mine to public

-- DROP own schema: refused, denied
drop schema {a} cascade

-- ALTER SCHEMA rename: refused, denied
alter schema {a} rename to tz

-- ALTER TABLE SET SCHEMA victim: refused, passes
alter table {a}.mine set schema {b}

-- ALTER TABLE OWNER victim: refused, passes
alter table {a}.mine owner to {b}

-- FK to victim.secret: refused, passes
create table {a}.fk(a int references {b}.secret(id))

-- VIEW over victim.secret: refused, passes
create view {a}.vv as select * from {b}.secret

-- EXPLAIN victim.secret: refused, passes
explain select * from {b}.secret

-- INHERITS victim.secret: refused, passes
create table {a}.inh() inherits({b}.secret)

-- LOCK pg_catalog: refused, denied
lock table pg_catalog.pg_class in access exclusive mode

-- query_to_xml dyn SQL: refused, passes
select query_to_xml('select v from {b}.secret',true,true,'')

-- query_to_xml set role: refused, passes
select query_to_xml('set role {b}',true,true,'')

-- ts_stat dyn SQL: refused, passes
select * from ts_stat('select v from {b}.secret')

-- currtid2 / old xid fns: refused, passes
select pg_export_snapshot()

-- pg_logical_emit_message: refused, passes
select pg_logical_emit_message(false,'x','y')

-- replication slot: refused, passes
select pg_create_physical_replication_slot('x')

-- pg_switch_wal: refused, passes
select pg_switch_wal()

-- pg_stat_reset: refused, passes
select pg_stat_reset()

-- pg_stat_statements_reset: refused, passes
select pg_stat_statements_reset()

-- current_setting data_directory: refused, passes
select current_setting('data_directory')

-- version / server addr: works, passes
select version()

-- CHECKPOINT: refused, denied
checkpoint

-- VACUUM whole DB: works, denied
vacuum

-- REINDEX SYSTEM: refused, denied
reindex system {db}

-- CREATE PUBLICATION: refused, denied
create publication p

-- CREATE SUBSCRIPTION: refused, denied
create subscription s connection 'host=x' publication p

-- CREATE SERVER: refused, denied
create server s foreign data wrapper dblink_fdw

-- SECURITY DEFINER fn: refused, denied
create function {a}.sd() returns text language sql security definer as 'select current_user::text'

-- COMMENT ON ROLE victim: refused, denied
comment on role {b} is 'x'

-- REASSIGN OWNED: refused, denied
reassign owned by {a} to {b}

-- txid/xact wraparound burn: works, passes
select txid_current()

-- read through a cast error: refused, passes
select v::int from {b}.secret

-- read with TABLE: refused, passes
table {b}.secret

-- write: refused, passes
insert into {b}.secret (v) values ('x')

-- truncate: refused, passes
truncate {b}.secret

-- drop table: refused, passes
drop table {b}.secret

-- index on victim: refused, passes
create index on {b}.secret (v)

-- statistics on victim: refused, passes
create statistics {a}.st on id, v from {b}.secret

-- like victim: refused, passes
create table {a}.copied (like {b}.secret including all)

-- attach victim: refused, passes
alter table {a}.mine attach partition {b}.secret default

-- inherit victim later: refused, passes
alter table {a}.mine inherit {b}.secret

-- comment on victim: refused, passes
comment on table {b}.secret is 'x'

-- sequence of victim: refused, passes
select nextval('{b}.secret_id_seq')

-- serial of victim by name: refused, passes
select pg_get_serial_sequence('{b}.secret', 'id')

-- view of victim: refused, passes
select * from {b}.vsecret

-- function of victim: refused, passes
select {b}.fsecret()

-- type in victim's schema: refused, passes
create type {b}.mood as enum ('a')

-- table in victim's schema: refused, passes
create table {b}.mine (n int)

-- table in pg_catalog: refused, passes
create table pg_catalog.mine (n int)

-- database_to_xml: refused, passes
select database_to_xml(true, true, '')

-- table_to_xml: refused, passes
select table_to_xml('{b}.secret', true, true, '')

-- set role tenants: refused, denied
set role tenants

-- set role provisioner: refused, denied
set role provisioner

-- set role pg_read_all_data: refused, denied
set role pg_read_all_data

-- grant itself power: refused, denied
grant pg_read_all_data to {a}

-- grant tenants: refused, denied
grant tenants to {b}

-- alter tenants: refused, denied
alter role tenants superuser

-- alter database: refused, denied
alter database {db} set work_mem = '1GB'

-- alter default privileges: works, denied
alter default privileges grant all on tables to public

-- drop owned: works, denied
drop owned by {a}

-- security label: refused, denied
security label on table {a}.mine is 'x'

-- import foreign schema: refused, denied
import foreign schema s from server s into {a}

-- create language: refused, denied
create language plpython3u

-- create tablespace: refused, denied
create tablespace ts location '/tmp'

-- table in another tablespace: refused, passes
create table {a}.far (n int) tablespace pg_global

-- set in a transaction: works, denied
set local statement_timeout = 0

-- reset all: works, denied
reset all

-- address of the server: refused, passes
select inet_server_addr()

-- brin maintenance: refused, passes
select brin_summarize_new_values('{a}.mine')

-- binary upgrade: refused, passes
select binary_upgrade_set_next_pg_type_oid(1)

-- table rewrite as a user-defined language: refused, denied
create procedure {a}.p() language sql as 'select 1'

-- call: refused, denied
call {a}.p()

-- fast-path large object: refused, passes
select loread(1, 1)

-- settings of others: refused, passes
select * from pg_file_settings

-- host based rules: refused, passes
select * from pg_hba_file_rules

-- shared memory: refused, passes
select * from pg_shmem_allocations

-- replication: refused, passes
select * from pg_stat_replication

-- statistics of columns: refused, passes
select * from pg_statistic

-- large objects of others: refused, passes
select * from pg_largeobject

-- names in information_schema: works, passes
select table_name from information_schema.tables where table_schema = '{b}'

-- constraints by oid: refused, passes
select pg_get_constraintdef(g::oid) from generate_series(1, 200000) g

-- rules by oid: refused, passes
select pg_get_ruledef(g::oid) from generate_series(1, 200000) g

-- index definitions by oid: refused, passes
select pg_get_indexdef(g::oid) from generate_series(1, 200000) g

-- view text in information_schema: works, passes
select view_definition from information_schema.views where view_definition like '%hidden%'

-- record_in of any row type: refused, passes
select row_to_json(record_in('(,,)'::cstring, g::oid, -1)) from generate_series(16384, 20000) g

-- record_in by its schema: refused, passes
select pg_catalog.record_in('(,,)'::cstring, 16384::oid, -1)

-- record_in where it is now: refused, passes
select bounded.record_in('(,,)'::cstring, 16384::oid, -1)

-- enum_in confirms labels: refused, passes
select enum_in('sad'::cstring, g::oid) from generate_series(16384, 20000) g

-- domain_in evaluates checks: refused, passes
select domain_in('x'::cstring, g::oid, -1) from generate_series(16384, 20000) g

-- array_in of any type: refused, passes
select array_in('{"(,,)"}'::cstring, g::oid, -1) from generate_series(16384, 20000) g

-- range_in of any type: refused, passes
select range_in('[a,b]'::cstring, g::oid, -1) from generate_series(16384, 20000) g

-- multirange_in of any type: refused, passes
select multirange_in('{[a,b]}'::cstring, g::oid, -1) from generate_series(16384, 20000) g

-- number of columns by has_column_privilege: refused, passes
select count(*) from generate_series(16384, 20000) g, generate_series(1, 20) n where has_column_privilege(g::oid, n::int2, 'select') is not null

-- tables by has_table_privilege: refused, passes
select count(has_table_privilege(g::oid, 'select')) from generate_series(16384, 20000) g

-- tables by has_any_column_privilege: refused, passes
select count(has_any_column_privilege(g::oid, 'select')) from generate_series(16384, 20000) g

-- databases by has_database_privilege: refused, passes
select count(has_database_privilege(g::oid, 'connect')) from generate_series(1, 20000) g

-- schemas by has_schema_privilege: refused, passes
select count(has_schema_privilege(g::oid, 'usage')) from generate_series(16384, 20000) g

-- functions by has_function_privilege: refused, passes
select count(has_function_privilege(g::oid, 'execute')) from generate_series(16384, 20000) g

-- types by has_type_privilege: refused, passes
select count(has_type_privilege(g::oid, 'usage')) from generate_series(16384, 20000) g

-- sequences by has_sequence_privilege: refused, passes
select count(has_sequence_privilege(g::oid, 'usage')) from generate_series(16384, 20000) g

-- tablespaces by has_tablespace_privilege: refused, passes
select has_tablespace_privilege('pg_default', 'create')

-- settings by has_parameter_privilege: refused, passes
select has_parameter_privilege('work_mem', 'set')

-- languages by has_language_privilege: refused, passes
select has_language_privilege('plpgsql', 'usage')

-- roles by pg_has_role: refused, passes
select pg_has_role('{b}', 'usage')

-- row_security_active by number: refused, passes
select count(row_security_active(g::oid)) from generate_series(16384, 20000) g

-- types by format_type: refused, passes
select format_type(g::oid, -1) from generate_series(16384, 20000) g

-- types by oidvectortypes: refused, passes
select oidvectortypes('16384 16385'::oidvector)

-- base types of domains: refused, passes
select pg_basetype(g::oid::regtype) from generate_series(16384, 20000) g

-- columns by pg_get_expr: refused, passes
select pg_get_expr(adbin, g::oid) from catalog.pg_attrdef, generate_series(16384, 20000) g

-- columns by catalog.pg_get_expr: works, passes
create table given (id int, n int generated always as (id + 1) stored)
select string_agg(catalog.pg_get_expr(adbin, c.oid), '') from catalog.pg_attrdef, generate_series(16384, 18000) g join catalog.pg_class c on c.oid = g where c.relname <> 'given'

-- kinds by pg_relation_is_updatable: refused, passes
select pg_relation_is_updatable(g::oid::regclass, true) from generate_series(16384, 20000) g

-- kinds by pg_column_is_updatable: refused, passes
select pg_column_is_updatable(g::oid::regclass, 1::int2, true) from generate_series(16384, 20000) g

-- catalog.format_type of all numbers: works, passes
select string_agg(catalog.format_type(g::oid, -1), ' ') from generate_series(16384, 18000) g

-- catalog.pg_get_viewdef of all numbers: works, passes
select string_agg(catalog.pg_get_viewdef(g::oid), ' ') from generate_series(16384, 18000) g

-- catalog.pg_get_constraintdef of all numbers: works, passes
select string_agg(catalog.pg_get_constraintdef(g::oid), ' ') from generate_series(16384, 18000) g

-- catalog.pg_get_indexdef of all numbers: works, passes
select string_agg(catalog.pg_get_indexdef(g::oid), ' ') from generate_series(16384, 18000) g

-- catalog.col_description of all numbers: works, passes
select string_agg(catalog.col_description(g::oid, 1), ' ') from generate_series(16384, 18000) g

-- catalog.obj_description of all numbers: works, passes
select string_agg(catalog.obj_description(g::oid), ' ') from generate_series(16384, 18000) g

-- the catalogs by a leaky condition: refused, passes
select relname from catalog.pg_class where relname::text::int > 0

-- columns in information_schema: works, passes
select column_name from information_schema.columns where table_schema = '{b}'

-- checks in information_schema: works, passes
select check_clause from information_schema.check_constraints where constraint_schema = '{b}'

-- routines in information_schema: works, passes
select routine_definition from information_schema.routines where routine_schema = '{b}'

-- usage of views in information_schema: works, passes
select * from information_schema.view_table_usage where table_schema = '{b}'

-- grants in information_schema: works, passes
select * from information_schema.role_table_grants where table_schema = '{b}'

-- user mappings: refused, passes
select * from information_schema._pg_user_mappings

-- positions in indexes: refused, passes
select information_schema._pg_index_position(g::oid, 1::int2) from generate_series(16384, 20000) g

-- positions in indexes by the catalog: works, passes
select count(catalog.index_position(g::oid, 1::int2)) from generate_series(1, 1500) g

-- others' transactions: refused, passes
select txid_current_snapshot()

-- others' transactions by the newer name: refused, passes
select pg_current_snapshot()

-- others' transactions one by one: refused, passes
select txid_status(g) from generate_series(700, 800) g

-- others' transactions in a snapshot: refused, passes
select txid_snapshot_xip('10:20:10,14'::txid_snapshot)

-- endless normalize: refused, passes
select length(normalize(repeat(E'\u0301\u0323', 36000)))

-- endless is normalized: refused, passes
select repeat(E'\u0301\u0323', 36000) is normalized

-- endless normalize by its schema: refused, passes
select length(pg_catalog.normalize(repeat(E'\u0301\u0323', 36000), 'NFD'))

-- normalize in an index: refused, passes
create index on {a}.mine (normalize(v))
insert into {a}.mine values ('x')

-- normalize in a column: refused, passes
create table {a}.normal (v text, n text generated always as (normalize(v)) stored)
insert into {a}.normal values ('x')

-- endless replace: refused, passes
select length(replace(repeat('a', 4000000), 'b' || repeat('a', 20000), ''))

-- endless LIKE: refused, passes
select repeat('a', 4000000) like '%' || repeat('a', 20000) || 'b%'

-- endless LIKE by its operator: refused, passes
select repeat('a', 4000000) operator(pg_catalog.~~) ('%' || repeat('a', 20000) || 'b%')

-- endless ILIKE in a check: refused, passes
create table {a}.checked (v text check (v not ilike '%' || v || v || 'b%'))
insert into {a}.checked values (repeat('a', 5000000))

-- endless position: refused, passes
select position('b' || repeat('a', 20000) in repeat('a', 4000000))

-- endless translate: refused, passes
select length(translate(repeat('a', 4000000), repeat('b', 20000), 'x'))

-- endless trim: refused, passes
select length(trim(both repeat('b', 20000) || 'a' from repeat('a', 4000000)))

-- endless split: refused, passes
select split_part(repeat('a', 4000000), 'b' || repeat('a', 20000), 2)

-- endless overlap of arrays: refused, passes
select a && b from (select array_agg(n) as a, array_agg(-n) as b from generate_series(1, 200000) n) s

-- endless containment of documents: refused, passes
select d @> d from (select jsonb_agg(jsonb_build_object('a', n)) as d from generate_series(1, 50000) n) s

-- endless keys: refused, passes
select d - k from (select jsonb_agg(n::text) as d, array_agg('x' || n) as k from generate_series(1, 100000) n) s

-- endless words: refused, passes
select length(plainto_tsquery('simple', repeat('a ', 500000))::text)

-- endless words as a value: refused, passes
select (repeat('a & ', 500000) || 'b')::tsquery

-- endless polygons: refused, passes
select p <-> p from (select ('(' || string_agg(format('(%s,%s)', n, n % 7), ',') || ')')::polygon as p from generate_series(1, 20000) n) s

-- endless paths: refused, passes
select p <-> p from (select ('[' || string_agg(format('(%s,%s)', n, n % 7), ',') || ']')::path as p from generate_series(1, 20000) n) s

-- endless formats: refused, passes
select to_timestamp(repeat('2026 ', 200000), repeat('YYYY ', 200000))

-- bounded functions where they are now: refused, passes
select bounded.replace('a', 'b', 'c')

-- a view over bounded functions: refused, passes
create view {a}.vb as select bounded.replace('a', 'b', 'c')

-- the size of a document where it is: refused, passes
select bounded.size('{}')

-- queries that the planner doubles: works, denied
with c as not materialized (select 1) select * from c x, c y

-- XMLTABLE: refused, denied
select * from xmltable('/a' passing xml '<a' columns x text)

-- xpath: refused, passes
select xpath('/a', xml '<a/>')

-- xmlexists: refused, passes
select xmlexists('/a' passing xml '<a/>')

-- its own quota: refused, passes
update quota.most set value = 1000000000

-- what is its quota: refused, passes
select * from quota.most

-- measuring another: refused, passes
select quota.measure('{b}')

-- taking another apart: refused, passes
select quota.pieces('{b}')

-- a table beside the quotas: refused, passes
create table quota.mine (n int)

-- no event trigger: refused, denied
drop event trigger quota_after

-- an event trigger that sleeps: refused, denied
alter event trigger quota_after disable

-- another catalog view: refused, passes
create or replace view catalog.pg_class as select 1 as oid

-- another information_schema: refused, passes
drop view information_schema.tables cascade

-- a type of Postgres: refused, passes
alter type pg_catalog.tsquery rename to mine

-- a function of Postgres: refused, denied
alter function pg_catalog.replace(text, text, text) owner to {a}

-- a column for the victim: refused, passes
alter table {b}.secret add column x int

-- no index for the victim: refused, passes
drop index {b}.secret_pkey

-- another name for the victim's view: refused, passes
alter view {b}.vsecret rename to mine

-- merge into the victim: refused, passes
merge into {b}.secret s using (select 1 as id) x on s.id = x.id when matched then delete

-- locking the victim's rows: refused, passes
select * from {b}.secret for update

-- the victim's sequence as a table: refused, passes
select last_value from {b}.secret_id_seq

-- setting the victim's sequence: refused, passes
select setval('{b}.secret_id_seq', 1)

-- restarting the victim's sequence: refused, passes
alter sequence {b}.secret_id_seq restart

-- deleting in a WITH: refused, passes
with x as (delete from {b}.secret returning v) select * from x

-- deleting in an EXPLAIN: refused, passes
explain analyze delete from {b}.secret

-- the victim's row type: refused, passes
select null::{b}.secret

-- a column of the victim's row type: refused, passes
create table {a}.typed (x {b}.secret)

-- a view with its owner's rights: refused, passes
create view {a}.vo with (security_invoker = off) as select * from {b}.secret

-- a materialized view of the victim: refused, passes
create materialized view {a}.mo as select * from {b}.secret

-- a copy of the victim: refused, passes
create table {a}.ct as table {b}.secret

-- the victim by to_regclass: refused, passes
select to_regclass('{b}.secret')

-- the victim's type by a cast: refused, passes
select '{b}.secret'::regtype

-- the victim's type by pg_input_is_valid: refused, passes
select pg_input_is_valid('(1,x)', '{b}.secret')

-- where the rules of access are: refused, passes
select current_setting('hba_file')

-- all columns: refused, passes
select count(*) from pg_catalog.pg_attribute

-- a raw policy on the own table: works, denied
create policy p on {a}.mine using (true)

-- no privileges for oneself: works, denied
revoke all on {a}.mine from {a}

-- statistics of an expression: refused, passes
create statistics {a}.st on (v ~ '^(a|a)*b$') from {a}.mine

-- statistics of an expression beside a column: refused, passes
create statistics {a}.st (mcv) on v, (repeat(v, 1000000)) from {a}.mine

-- statistics of many columns: refused, passes
create table {a}.wide (a int, b int, c int, d int, e int)
create statistics {a}.st on a, b, c, d, e from {a}.wide

-- statistics of large samples: refused, passes
alter table {a}.mine alter column v set statistics 10000

-- extended statistics of large samples: refused, passes
create table {a}.pair (a int, b int)
create statistics {a}.st on a, b from {a}.pair
alter statistics {a}.st set statistics 10000

-- a vacuum that sleeps: refused, passes
alter table {a}.mine set (autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_cost_delay = 100)

-- a vacuum that sleeps over long values: refused, passes
alter table {a}.mine set (toast.autovacuum_vacuum_cost_delay = 100)

-- a vacuum for each row: refused, passes
create table {a}.busy (v text) with (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)

-- a table that asks for freezing: refused, passes
alter table {a}.mine set (autovacuum_freeze_max_age = 100000)

-- a log line for each vacuum: refused, passes
alter table {a}.mine set (log_autovacuum_min_duration = 0)

-- an index that autovacuum summarizes: refused, passes
create index on {a}.mine using brin ((v || v)) with (autosummarize = on)

-- such an index of a view that is kept: refused, passes
create materialized view {a}.kept as select 'x' as v
create index i on {a}.kept using brin ((v || v))
alter index {a}.i set (autosummarize = on)

-- tables that are not analyzed: refused, passes
delete from quota.unanalyzed

-- an end of everybody's ANALYZE: refused, passes
select quota.calm(0)

-- own account: refused, passes
select setval('quota.{a}', 1)

-- account of victim: refused, passes
select last_value from quota.{b}

-- an account that is emptied for victim: refused, passes
select setval('quota.{b}', 9000000000000000000)

-- no account: refused, passes
drop sequence quota.{a}

-- an account's end by its function: refused, passes
select quota.close('{a}')

-- a charge that gives back: refused, passes
select quota.charge('{a}', -100000000)

-- counts of what was written: refused, passes
select pg_stat_get_xact_tuples_inserted(1249)

-- forgotten counts: refused, passes
select pg_stat_force_next_flush()

-- a setting that the account reads: works, denied
set quota.written = '9000000000000'
create table {a}.t ()

-- endless ranks: refused, passes
select ts_rank(d, q) from (select (select string_agg('w' || n || ':' || (select string_agg((1 + k * 60 + n % 60)::text, ',') from generate_series(1, 255) k), ' ') from generate_series(1, 1700) n)::tsvector as d, plainto_tsquery('simple', (select string_agg('w' || n, ' ') from generate_series(1, 1700) n)) as q offset 0) s

-- endless ranks of a phrase with weights: refused, passes
select ts_rank('{0.1, 0.2, 0.4, 1}', d, q, 1) from (select (select string_agg('w' || n || ':' || (select string_agg((1 + k * 60 + n % 60)::text, ',') from generate_series(1, 255) k), ' ') from generate_series(1, 1700) n)::tsvector as d, phraseto_tsquery('simple', (select string_agg('w' || n, ' ') from generate_series(1, 1700) n)) as q offset 0) s

-- endless ranks of prefixes: refused, passes
select ts_rank(d, to_tsquery('simple', 'w1:* & w2:* & w3:* & w4:* & w5:* & w6:* & w7:* & w8:* & w9:*')) from (select (select string_agg('w' || n || ':' || (select string_agg((1 + k * 60 + n % 60)::text, ',') from generate_series(1, 255) k), ' ') from generate_series(1, 1700) n)::tsvector as d offset 0) s

-- endless covers: refused, passes
select ts_rank_cd(d, q) from (select (select string_agg('w' || n || ':' || (select string_agg((1 + k * 60 + n % 60)::text, ',') from generate_series(1, 255) k), ' ') from generate_series(1, 1700) n)::tsvector as d, to_tsquery('simple', 'w:*' || repeat(' & w:*', 500)) as q offset 0) s

-- words that double: refused, passes
with recursive r as (select plainto_tsquery('simple', repeat('a ', 9000)) as q, 1 as n union all select q && q, n + 1 from r where n < 16) select numnode(q) from r

-- phrases that double: refused, passes
with recursive r as (select plainto_tsquery('simple', repeat('a ', 9000)) as q, 1 as n union all select tsquery_phrase(q, q, 5), n + 1 from r where n < 16) select numnode(q) from r

-- words as values of an array: refused, passes
select array[repeat('a & ', 500000) || 'b']::text[]::tsquery[]

-- words as values of a document: refused, passes
select * from json_to_record(json_build_object('q', repeat('a & ', 500000) || 'b')) as x (q tsquery)

-- words as values of a table: refused, passes
create table {a}.asked (q tsquery default 'a')
insert into {a}.asked select x.q from jsonb_populate_record(null::{a}.asked, '{"q": "a & b"}') x

-- words of a domain: refused, passes
create domain {a}.question as tsquery check (value is not null)
select (repeat('a & ', 500000) || 'b')::{a}.question

-- parts of a large document: refused, passes
select j -> 5 from (select json_agg(repeat('a', 1000)) as j from generate_series(1, 30000)) s

-- the length of a large document: refused, passes
select json_array_length(j) from (select json_agg(repeat('a', 1000)) as j from generate_series(1, 30000)) s

-- a path into a large document: refused, passes
select j #>> '{5,a}' from (select json_agg(repeat('a', 1000)) as j from generate_series(1, 30000)) s

-- documents that double: refused, passes
with recursive r as (select jsonb_agg(n) as j, 1 as n from generate_series(1, 100000) n union all select j || j, n + 1 from r where n < 9) select count(*) from r

-- changes of a large document: refused, passes
select jsonb_set(j, '{5}', '1') is null from (select jsonb_agg(repeat('a', 1000)) as j from generate_series(1, 15000)) s

-- text that becomes a large document: refused, passes
select (('[' || repeat('1,', 4000000) || '1]')::jsonb) is null

-- other text that becomes a large document: refused, passes
select (('[' || repeat('1,', 4000000) || '1]')::varchar::jsonb) is null

-- a large document by its function: refused, passes
select jsonb_in(textout('[' || repeat('1,', 4000000) || '1]')) is null

-- a large document by its function where it is now: refused, passes
select bounded.jsonb_in(textout('[1]')) is null

-- a large document by the function of the cast: refused, passes
select bounded.read_jsonb('[1]'::text)

-- text that becomes a large path: refused, passes
select (('[' || repeat('(1,2),', 1000000) || '(1,2)]')::path) is null

-- text that becomes a large polygon: refused, passes
select (('(' || repeat('(1,2),', 1000000) || '(1,2))')::polygon) is null

-- text that becomes many words: refused, passes
select repeat('a ', 4000000)::tsvector

-- a division of long numbers: refused, passes
select repeat('9', 131000)::numeric / repeat('7', 65000)::numeric is null

-- what is left of long numbers: refused, passes
select mod(repeat('9', 131000)::numeric, repeat('7', 65000)::numeric) is null

-- a product of long numbers: refused, passes
select repeat('9', 65000)::numeric * repeat('7', 65000)::numeric is null

-- ranges that meet ranges: refused, passes
select m * m from (select range_agg(int4range(n * 3, n * 3 + 1)) as m from generate_series(1, 200000) n) s

-- a long name: works, passes
select to_regclass(repeat('a.', 500000) || 'a')

-- a long type: works, passes
select to_regtype('int4' || repeat('[]', 500000))

-- a long name by a cast: refused, passes
select (repeat('a.', 500000) || 'a')::regclass

-- a long encoding: refused, passes
select encode('a', repeat('a', 1000000))

-- the victim by a cast of text: refused, passes
select ('{b}' || '.secret')::regclass

-- the victim by a cast of varchar: refused, passes
select ('{b}' || '.secret')::varchar::regclass

-- the victim's type by to_regtype: refused, passes
select to_regtype('{b}' || '.secret')

-- joins of all that is common: works, denied
select 1 from {a}.mine natural join {a}.mine a2 natural join {a}.mine a3 natural join {a}.mine a4 natural join {a}.mine a5 natural join {a}.mine a6 natural join {a}.mine a7 natural join {a}.mine a8 natural join {a}.mine a9 natural join {a}.mine a10

-- rows of stars: works, denied
select 1 from {a}.mine m where row(m.*, m.*) = row(m.*, m.*)

-- XMLPARSE: refused, denied
select xmlparse(document '<a')

-- IS DOCUMENT: refused, denied
select xml '<a' is document

-- stopping others: refused, passes
select quota.stop(0)
