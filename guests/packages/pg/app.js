const { Client, Pool, types, escapeIdentifier, escapeLiteral } = require('pg')
const { failure, needs, serve } = require('../checks')

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
const one = async (text, values) => (await pool.query(text, values)).rows[0]
const told = (run) => failure(run).then(({ failed, went }) => (failed ? { message: failed.message, code: failed.code } : { went }))
serve({
  checks: {
    types: () => one("select 1::int a, 2::bigint b, 1.5::numeric c, 2.5::float8 d, true e, 'x'::text f, '{\"a\":[1]}'::jsonb g, '{1,2}'::int[] h, '\\x0102'::bytea i, null j, '2026-01-02'::date k, '2026-01-02 03:04:05Z'::timestamptz l, '1 day'::interval m, '{a,b}'::text[] n"),
    parameters: () => one('select $1::int a, $2::text b, $3::jsonb c, $4::int[] d, $5::timestamptz e, $6::bytea f, $7::bool g', [1, 'ç', { a: 1 }, [1, 2], new Date(0), Buffer.from('x'), null]),
    rowMode: async () => (await pool.query({ text: 'select 1, 2', rowMode: 'array' })).rows,
    fields: async () => { const { command, rowCount, fields } = await pool.query('select 1 as a, now() as b'); return { command, rowCount, fields: fields.map(({ name, dataTypeID, format }) => [name, dataTypeID, format]) } },
    named: async () => [await one({ name: 'n', text: 'select $1::int a', values: [1] }), await one({ name: 'n', text: 'select $1::int a', values: [2] })],
    table: async () => {
      await pool.query('drop table if exists pg_checks; create table pg_checks (id serial primary key, name text unique not null, at timestamptz default now())')
      const { rows } = await pool.query("insert into pg_checks (name) values ('a'), ('b') returning id, name")
      return [rows, (await pool.query("update pg_checks set name = 'c' where id = $1", [1])).rowCount, (await pool.query('delete from pg_checks')).rowCount]
    },
    unique: () => told(async () => { await pool.query('create table if not exists pg_unique (a int unique)'); await pool.query('insert into pg_unique values (1) on conflict do nothing'); await pool.query('insert into pg_unique values (1)') }),
    errorFields: async () => { try { await pool.query('select * from nothing_here') } catch (error) { return Object.fromEntries(['name', 'code', 'severity', 'position', 'routine', 'file'].map((key) => [key, key === 'file' ? typeof error[key] : error[key]])) } },
    bind: () => told(() => pool.query('select $1::int, $2::int', [1])),
    syntax: () => told(() => pool.query('selec 1')),
    notNull: async () => { try { await pool.query('create table if not exists pg_nn (a int not null)'); await pool.query('insert into pg_nn values (null)') } catch (error) { return [error.code, error.column, error.table] } },
    transaction: async () => {
      const client = await pool.connect()
      try {
        await client.query('create table if not exists pg_tx (a int)')
        await client.query('begin')
        await client.query('insert into pg_tx values (1)')
        const inside = (await client.query('select count(*) n from pg_tx')).rows
        await client.query('rollback')
        return [inside, (await client.query('select count(*) n from pg_tx')).rows]
      } finally { client.release() }
    },
    aborted: async () => {
      const client = await pool.connect()
      try { await client.query('begin'); await told(() => client.query('select 1/0')); const second = await told(() => client.query('select 1')); await client.query('rollback'); return second } finally { client.release() }
    },
    client: async () => { const client = new Client({ connectionString: process.env.DATABASE_URL }); await client.connect(); const { rows } = await client.query('select 1 a'); await client.end(); return rows },
    callback: () => new Promise((done) => pool.query('select 1 a', (error, answer) => done([error, answer?.rows]))),
    many: async () => (await Promise.all(Array.from({ length: 20 }, (_, n) => one('select $1::int n', [n])))).map(({ n }) => n),
    parsers: async () => { types.setTypeParser(20, Number); const row = await one('select 9::bigint a'); types.setTypeParser(20, (text) => text); return row },
    escape: () => [escapeIdentifier('a"b'), escapeLiteral("a'b\\c")],
    several: async () => (await pool.query('select 1 a; select 2 b')).map(({ rows }) => rows),
    counts: () => [typeof pool.totalCount, typeof pool.idleCount, pool.waitingCount],
    listen: needs('SQL dialects', () => told(() => pool.query('listen a'))),
    lock: needs('SQL dialects', () => one('select pg_try_advisory_lock(7) a')),
    set: needs('SQL dialects', async () => (await pool.query("set statement_timeout = '5s'")).command),
  },
})
