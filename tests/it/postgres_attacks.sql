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
select g::oid::regclass::text from generate_series(16384,200000) g where g::oid::regclass::text ~ 'secret$' limit 1

-- regnamespace by oid scan: works, passes
select g::oid::regnamespace::text from generate_series(16384,200000) g where g::oid::regnamespace::text='{b}'

-- pg_get_viewdef by oid: refused, passes
select pg_get_viewdef(g::oid) from generate_series(16384,200000) g where pg_get_viewdef(g::oid) like '%hidden-view%' limit 1

-- pg_get_userbyid scan: refused, passes
select pg_get_userbyid(g::oid) from generate_series(16384,200000) g where pg_get_userbyid(g::oid)='{b}'

-- regrole scan: works, passes
select g::oid::regrole::text from generate_series(16384,200000) g where g::oid::regrole::text='{b}' limit 1

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

-- CREATE TRIGGER builtin fn: works, denied
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

-- CREATE CAST/CONVERSION: works, denied
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

-- view text in information_schema, also its own: refused, passes
select view_definition from information_schema.views where view_definition like '%hidden%'
