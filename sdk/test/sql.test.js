/** Telling statements apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardedStatement, ownCatalogs, settingCommand, splitStatements, transactionCommand } from '../runtime/src/pg/sql.js'

const cases = [
  ['SELECT 1', ['SELECT 1']],
  ['SELECT 1;', ['SELECT 1']],
  [' ; ; ', []],
  ['-- only a comment;\n/* and; another */', []],
  ['CREATE TABLE a (b text DEFAULT \';\'); CREATE TABLE c ()', ["CREATE TABLE a (b text DEFAULT ';')", 'CREATE TABLE c ()']],
  ["SELECT 'it''s; one'; SELECT 2", ["SELECT 'it''s; one'", 'SELECT 2']],
  ['SELECT "a;""b"; SELECT 2', ['SELECT "a;""b"', 'SELECT 2']],
  ["SELECT E'a\\';b'; SELECT 2", ["SELECT E'a\\';b'", 'SELECT 2']],
  ["SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", 'SELECT 2']],
  ["SELECT name'a\\'; SELECT 2", ["SELECT name'a\\'", 'SELECT 2']],
  ['DO $$ BEGIN a; b; END $$; SELECT 2', ['DO $$ BEGIN a; b; END $$', 'SELECT 2']],
  ['SELECT $t$ $$ ; $t$; SELECT 2', ['SELECT $t$ $$ ; $t$', 'SELECT 2']],
  ['SELECT $1; SELECT a$b$; SELECT c$b$', ['SELECT $1', 'SELECT a$b$', 'SELECT c$b$']],
  ['SELECT 1 /* a /* nested; */ ; */; SELECT 2 -- b;\n; SELECT 3', ['SELECT 1 /* a /* nested; */ ; */', 'SELECT 2 -- b;', 'SELECT 3']],
  ["SELECT 'never closed; SELECT 2", ["SELECT 'never closed; SELECT 2"]],
]

for (const [text, statements] of cases) {
  test(`splits ${JSON.stringify(text)}`, () => assert.deepEqual(splitStatements(text), statements))
}

const commands = [
  ['begin', { kind: 'begin', options: {} }],
  ['/* x */ BEGIN TRANSACTION ISOLATION LEVEL serializable, READ ONLY', { kind: 'begin', options: { isolation: 'serializable', readOnly: true } }],
  ['START TRANSACTION ISOLATION LEVEL REPEATABLE READ', { kind: 'begin', options: { isolation: 'repeatable-read' } }],
  ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', { kind: 'set', options: { isolation: 'read-committed' } }],
  ['COMMIT', { kind: 'commit', chain: false }],
  ['end', { kind: 'commit', chain: false }],
  ['ROLLBACK AND CHAIN', { kind: 'rollback', chain: true }],
  ['ROLLBACK TO SAVEPOINT a', { kind: 'rollback-to' }],
  ['abort', { kind: 'rollback', chain: false }],
  ['SAVEPOINT a', undefined],
  ['SET search_path = x', undefined],
  ['COMMIT PREPARED \'x\'', undefined],
  ['SELECT 1', undefined],
]

for (const [text, command] of commands) {
  test(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(transactionCommand(text), command))
}

const catalogs = [
  ['SELECT typname FROM pg_type', 'SELECT typname FROM catalog.pg_type'],
  ['SELECT pg_type.oid FROM pg_type', 'SELECT catalog.pg_type.oid FROM catalog.pg_type'],
  ['select * from PG_CATALOG.Pg_Class c', 'select * from catalog.pg_class c'],
  ['select * from "pg_catalog"."pg_class" as "c"', 'select * from catalog.pg_class as "c"'],
  ['select pg_catalog . pg_get_indexdef(i.oid)', 'select catalog.pg_get_indexdef(i.oid)'],
  ['select array_agg(e.enumlabel) from pg_enum e', 'select array_agg(e.enumlabel order by e.enumsortorder) from catalog.pg_enum e'],
  ['select array_agg("e"."enumlabel"), array_agg(label) from pg_enum "e"', 'select array_agg("e".enumlabel order by "e".enumsortorder), array_agg(label) from catalog.pg_enum "e"'],
  ['select col_description(t.oid, 1), col_description from t', 'select catalog.col_description(t.oid, 1), col_description from t'],
  ["select 'pg_class'::regclass, \"a pg_class\", t.pg_class, 1 as pg_class -- pg_class", "select 'pg_class'::regclass, \"a pg_class\", t.pg_class, 1 as pg_class -- pg_class"],
  ['select pg_catalog.pg_typeof(1), my_pg_class, pg_class2 from t', 'select pg_catalog.pg_typeof(1), my_pg_class, pg_class2 from t'],
  ['select pg_catalog.format_type(1, 2), format_type from t', 'select catalog.format_type(1, 2), format_type from t'],
  ["select 1 from t where has_schema_privilege(t.nspname, 'USAGE')", "select 1 from t where catalog.has_schema_privilege(t.nspname, 'USAGE')"],
  ['select "pg_catalog"."pg_get_expr"(d.adbin, d.adrelid) from t d', 'select catalog.pg_get_expr(d.adbin, d.adrelid) from t d'],
  ["select 1 from information_schema.tables where table_schema = 'public'", 'select 1 from information_schema.tables where table_schema = current_schema()'],
  ["insert into notes values ('public', 'pg_class')", "insert into notes values ('public', 'pg_class')"],
  ["select 'public'", "select 'public'"],
  ['alter table "public"."orders" add state public.mood', 'alter table "orders" add state mood'],
  ['select public, t.public from public', 'select public, t.public from public'],
  ["select * from my_pg_notes where kind = 'public'", "select * from my_pg_notes where kind = 'public'"],
]

for (const [text, own] of catalogs) {
  test(`the catalogs of ${JSON.stringify(text)}`, () => assert.equal(ownCatalogs(text), own))
}

const settings = [
  ["SET client_min_messages TO warning", { set: 'client_min_messages', isOther: false }],
  ['SET standard_conforming_strings=on', { set: 'standard_conforming_strings', isOther: false }],
  ['SET standard_conforming_strings=off', undefined],
  ["SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE", { set: 'timezone', isOther: false }],
  ["SET TIME ZONE 'America/Sao_Paulo'", { set: 'timezone', isOther: true }],
  ["set timezone = 'UTC'", { set: 'timezone', isOther: false }],
  ['SET search_path TO "$user", public', { set: 'search_path', isOther: false }],
  ['SET search_path TO other', undefined],
  ["SET NAMES 'UTF8'", undefined],
  ['SET ROLE other', undefined],
  ['SET SESSION AUTHORIZATION other', undefined],
  ['SHOW SERVER_VERSION', { show: 'server_version', column: 'server_version' }],
  ['SHOW TIME ZONE', { show: 'timezone', column: 'TimeZone' }],
  ['SHOW ALL', undefined],
  ['SELECT 1', undefined],
]

for (const [text, command] of settings) {
  test(`the setting of ${JSON.stringify(text)}`, () => assert.deepEqual(settingCommand(text), command))
}

const guarded = [
  [`DO 'BEGIN CREATE TYPE "public"."mood" AS ENUM(''a'', ''b''); EXCEPTION WHEN duplicate_object THEN null; END'`,
    { statement: `CREATE TYPE "public"."mood" AS ENUM('a', 'b')`, codes: ['42710'] }],
  ['DO $$ BEGIN\n ALTER TABLE a ADD CONSTRAINT b UNIQUE (c);\nEXCEPTION\n WHEN duplicate_object OR duplicate_table THEN null;\nEND $$',
    { statement: 'ALTER TABLE a ADD CONSTRAINT b UNIQUE (c)', codes: ['42710', '42P07'] }],
  ['DO $$ BEGIN DELETE FROM a; EXCEPTION WHEN duplicate_object THEN null; END $$', undefined],
  ['DO $$ BEGIN DROP TABLE a; DROP TABLE b; EXCEPTION WHEN undefined_table THEN null; END $$', undefined],
  ['DO $$ BEGIN CREATE TYPE a AS ENUM (); EXCEPTION WHEN others THEN null; END $$', undefined],
  ['DO $$ BEGIN PERFORM 1; END $$', undefined],
]

for (const [text, found] of guarded) {
  test(`the guarded statement of ${JSON.stringify(text)}`, () => assert.deepEqual(guardedStatement(text), found))
}
