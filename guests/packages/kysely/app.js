const { Pool } = require('pg')
const { Kysely, PostgresDialect, sql } = require('kysely')
const { failure, serve } = require('../checks')

const db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: process.env.DATABASE_URL, max: 2 }) }) })
const fresh = async () => {
  await db.schema.dropTable('ky_guests').ifExists().execute()
  await db.schema.createTable('ky_guests').addColumn('id', 'serial', (column) => column.primaryKey()).addColumn('name', 'varchar(50)').execute()
  await db.insertInto('ky_guests').values([{ name: 'Ana' }, { name: 'Bia' }]).execute()
}
serve({
  checks: {
    select: async () => { await fresh(); return db.selectFrom('ky_guests').selectAll().where('name', '=', 'Ana').execute() },
    insert: async () => { await fresh(); return db.insertInto('ky_guests').values({ name: 'C' }).returning('id').executeTakeFirst() },
    update: async () => { await fresh(); return String((await db.updateTable('ky_guests').set({ name: 'X' }).executeTakeFirst()).numUpdatedRows) },
    transaction: async () => { await fresh(); await failure(() => db.transaction().execute(async (trx) => { await trx.deleteFrom('ky_guests').execute(); throw new Error('no') })); return db.selectFrom('ky_guests').select(db.fn.countAll().as('n')).executeTakeFirst() },
    raw: async () => (await sql`select ${1}::int as a`.execute(db)).rows,
    compile: () => { const { sql: text, parameters } = db.selectFrom('a').innerJoin('b', 'a.id', 'b.a').select(['a.id']).where('b.x', 'in', [1, 2]).limit(1).compile(); return [text, parameters] },
    error: () => failure(() => db.selectFrom('ky_none').selectAll().execute()).then(({ failed }) => failed.code),
  },
})
