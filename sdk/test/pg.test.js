/** The interface of node-postgres over the host's database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEngine } from './support/node_engine.js'

const empty = (command) => ({ columns: [], rows: [], command, affected: 0n })
const sqlError = (fields) => { throw { payload: { tag: 'sql', val: { sqlstate: 'XX000', severity: 'ERROR', message: 'no', ...fields } } } } // eslint-disable-line no-throw-literal

/** A database that writes down what it is asked; `answer` may throw or return rows. */
function database(answer = () => undefined) {
  const seen = []
  let next = 1
  const run = (prefix, sql, parameters) => {
    seen.push(prefix + sql)
    return answer(sql, parameters) ?? empty(sql.split(' ')[0].toUpperCase())
  }
  return {
    seen,
    functions: {
      'database.query': (sql, parameters) => run('', sql, parameters),
      'database.begin': ({ isolation, readOnly }) => { seen.push(`begin ${isolation ?? ''}${readOnly ? ' read-only' : ''}`.trim()); return next++ },
      'database.[method]transaction.query': (handle, sql, parameters) => run(`${handle}: `, sql, parameters),
      'database.[static]transaction.commit': (handle) => { seen.push(`${handle}: commit`) },
      'database.[static]transaction.rollback': (handle) => { seen.push(`${handle}: rollback`) },
    },
  }
}

/** Runs code with `pool` and `pg` in one event; gives what it returns, through JSON, and the log. */
async function run(code, host) {
  const engine = makeEngine(host.functions)
  await engine.boot(`
    const pg = require('pg')
    const pool = new pg.Pool()
    require('http').createServer((req, res) => {
      (async () => { ${code} })().then((value) => res.end(JSON.stringify(value ?? null)), (error) => { console.error(error); res.end('"failed"') })
    }).listen(1)`)
  const { body, logs } = await engine.event()
  return { value: JSON.parse(body), logs, seen: host.seen }
}

test('rows have pg\'s types', async () => {
  const host = database(() => ({
    command: 'SELECT', affected: 1n,
    columns: [['a', 20], ['b', 23], ['c', 16], ['d', 1700], ['e', 1184], ['f', 3802], ['g', 17], ['h', 1007], ['i', 25], ['j', 701]]
      .map(([name, typeOid]) => ({ name, typeOid })),
    rows: [[
      { tag: 'int64', val: 9007199254740993n }, { tag: 'int64', val: 7n }, { tag: 'boolean', val: true },
      { tag: 'typed', val: { typeOid: 1700, text: '1.50' } }, { tag: 'typed', val: { typeOid: 1184, text: '2026-01-02 03:04:05+00' } },
      { tag: 'json', val: '{"x":[1]}' }, { tag: 'binary', val: new Uint8Array([1, 255]) },
      { tag: 'typed', val: { typeOid: 1007, text: '{1,NULL,3}' } }, { tag: 'null' }, { tag: 'float64', val: 0.5 },
    ]],
  }))
  const { value } = await run('const { rows: [row], rowCount, command, fields } = await pool.query("SELECT"); return [row, rowCount, command, fields[1]]', host)
  assert.deepEqual(value, [{
    a: '9007199254740993', b: 7, c: true, d: '1.50', e: '2026-01-02T03:04:05.000Z', f: { x: [1] }, g: { type: 'Buffer', data: [1, 255] },
    h: [1, null, 3], i: null, j: 0.5,
  }, 1, 'SELECT', { name: 'b', tableID: 0, columnID: 0, dataTypeID: 23, dataTypeSize: -1, dataTypeModifier: -1, format: 'text' }])
})

test('parameters are made to text as pg makes them', async () => {
  let given
  const host = database((sql, parameters) => { given = parameters })
  await run('await pool.query("INSERT", [1, "a", null, undefined, true, { a: [1] }, [1, "b", null], Buffer.from("hi"), new Date(Date.UTC(2026, 0, 2)), 10n])', host)
  assert.deepEqual(Array.from(given, ({ tag, val }) => (tag === 'binary' ? [tag, Array.from(val)] : [tag, val])), [['text', '1'], ['text', 'a'], ['null', undefined],
    ['null', undefined], ['text', 'true'], ['text', '{"a":[1]}'], ['text', '{"1","b",NULL}'], ['binary', [104, 105]],
    ['text', given[8].val], ['text', '10']])
  assert.match(given[8].val, /^2026-01-0\dT\d\d:00:00\.000[+-]\d\d:\d\d$/)
})

test('callbacks, config objects, array rows and own parsers', async () => {
  const host = database(() => ({ command: 'SELECT', affected: 1n, columns: [{ name: 'n', typeOid: 20 }], rows: [[{ tag: 'int64', val: 5n }]] }))
  const { value } = await run(`
    pg.types.setTypeParser(20, Number)
    const one = await new Promise((resolve, reject) => pool.query('SELECT $1', [1], (error, result) => error ? reject(error) : resolve(result.rows)))
    const two = (await pool.query({ text: 'SELECT', rowMode: 'array', name: 'named' })).rows
    const three = (await pool.query({ text: 'SELECT', types: { getTypeParser: () => (text) => 'own ' + text } })).rows
    const four = await new Promise((resolve, reject) => pool.connect((error, client, release) => client.query('SELECT', (error, result) => { release(); resolve(result.rowCount) })))
    return [one, two, three, four]`, host)
  assert.deepEqual(value, [[{ n: 5 }], [[5]], [{ n: 'own 5' }], 1])
})

test('errors carry what Postgres said', async () => {
  const host = database(() => sqlError({ sqlstate: '23505', message: 'duplicate key', detail: 'Key (a) exists.', constraint: 'a_pkey', table: 'a', position: 3 }))
  const { value } = await run(`return pool.query('INSERT').catch((e) => [e instanceof pg.DatabaseError, e instanceof Error, e.name, e.code, e.detail,
    e.constraint, e.table, e.position, e.severity, e.message, /app.js/.test(e.stack)])`, host)
  assert.deepEqual(value, [true, true, 'error', '23505', 'Key (a) exists.', 'a_pkey', 'a', '3', 'ERROR', 'duplicate key', true])
})

test('BEGIN and COMMIT on a client are the host\'s transaction', async () => {
  const { seen, value } = await run(`
    const client = await pool.connect()
    const begun = await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY')
    await client.query('SELECT 1')
    await client.query('SAVEPOINT a')
    const done = await client.query('COMMIT;')
    client.release()
    return [begun.command, begun.rowCount, done.command]`, database())
  assert.deepEqual([seen, value], [['begin serializable read-only', '1: SELECT 1', '1: SAVEPOINT a', '1: commit'], ['BEGIN', null, 'COMMIT']])
})

test('SET TRANSACTION after BEGIN still counts', async () => {
  const { seen } = await run(`const client = new pg.Client(); await client.connect()
    for (const sql of ['BEGIN', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'SELECT 1', 'ROLLBACK']) await client.query(sql)
    await client.end()`, database())
  assert.deepEqual(seen, ['begin repeatable-read', '1: SELECT 1', '1: rollback'])
})

test('COMMIT after an error says ROLLBACK, as Postgres does', async () => {
  const host = database((sql) => (sql === 'BAD' ? sqlError({ sqlstate: '42601' }) : undefined))
  const { seen, value } = await run(`const client = await pool.connect()
    await client.query('BEGIN'); await client.query('BAD').catch(() => {})
    const { command } = await client.query('COMMIT')
    client.release()
    return command`, host)
  assert.deepEqual([seen, value], [['begin', '1: BAD', '1: rollback'], 'ROLLBACK'])
})

test('a client that is released in a transaction rolls it back, and the log says so', async () => {
  const { seen, logs } = await run(`const client = await pool.connect()
    await client.query('BEGIN'); await client.query('SELECT 1'); client.release()
    await pool.query('SELECT 2')`, database())
  assert.deepEqual(seen, ['begin', '1: SELECT 1', '1: rollback', 'SELECT 2'])
  assert.match(logs[0].message, /released with an open transaction/)
})

test('BEGIN on the pool works as with pg, with a warning', async () => {
  const { seen, logs } = await run('for (const sql of ["BEGIN", "SELECT 1", "COMMIT"]) await pool.query(sql)', database())
  assert.deepEqual(seen, ['begin', '1: SELECT 1', '1: commit'])
  assert.match(logs[0].message, /BEGIN on a pool/)
})

test('several statements are one transaction and several results', async () => {
  const { seen, value } = await run('return (await pool.query("CREATE TABLE a (); /* and */ CREATE INDEX b ON a (c);")).map(({ command }) => command)', database())
  assert.deepEqual([seen, value], [['begin', '1: CREATE TABLE a ()', '1: /* and */ CREATE INDEX b ON a (c)', '1: commit'], ['CREATE', '/*']])
})

test('an error among several statements rolls all back', async () => {
  const host = database((sql) => (sql === 'BAD' ? sqlError({ message: 'bad' }) : undefined))
  const { seen, value } = await run('return pool.query("CREATE TABLE a (); BAD; SELECT 3").catch((error) => error.message)', host)
  assert.deepEqual([seen, value], [['begin', '1: CREATE TABLE a ()', '1: BAD', '1: rollback'], 'bad'])
})

test('queries of one client run one after the other', async () => {
  const { seen } = await run(`const client = await pool.connect()
    await Promise.all(['BEGIN', 'SELECT 1', 'SELECT 2', 'COMMIT'].map((sql) => client.query(sql)))
    client.release()`, database())
  assert.deepEqual(seen, ['begin', '1: SELECT 1', '1: SELECT 2', '1: commit'])
})

test('a pool that has ended refuses', async () => {
  const { value } = await run('await pool.end(); return pool.query("SELECT 1").catch((error) => error.message)', database())
  assert.equal(value, 'Cannot use a pool after calling end on the pool')
})

test('settings that hold already are taken, SHOW is asked as a query, and the bot\'s own catalogs are asked', async () => {
  const host = database((sql) => (sql.includes('current_setting')
    ? { command: 'SELECT', affected: 1n, columns: [{ name: 'server_version', typeOid: 25 }], rows: [[{ tag: 'text', val: '18.1' }]] }
    : undefined))
  const { value, logs, seen } = await run(`
    const [first, second] = await pool.query("SET client_min_messages TO warning;SET TIME ZONE INTERVAL '-03:00' HOUR TO MINUTE")
    const shown = await pool.query('SHOW SERVER_VERSION')
    await pool.query('SELECT typname FROM pg_type')
    await pool.query('SET ROLE other')
    return [first.command, second.command, shown.command, shown.rows]`, host)
  assert.deepEqual(value, ['SET', 'SET', 'SHOW', [{ server_version: '18.1' }]])
  assert.deepEqual(seen.filter((sql) => !/begin|commit/.test(sql)), [
    'SELECT current_setting(\'server_version\') AS "server_version"', 'SELECT typname FROM catalog.pg_type', 'SET ROLE other',
  ])
  assert.ok(logs.some(({ level, message }) => level === 'warn' && /time zone stays UTC/.test(message)))
})
