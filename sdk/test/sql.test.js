/** Telling statements apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitStatements, transactionCommand } from '../runtime/src/pg/sql.js'

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
