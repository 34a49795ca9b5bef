// What ORMs do beside queries: they look up tables, columns, indexes and types in the catalogs, and set their session up.
// Node: each makes its tables, finds them again, and alters them.
require('reflect-metadata')
const { Pool } = require('pg')
const url = process.env.DATABASE_URL ?? 'postgres://user:password@host/database'
const pool = new Pool({ connectionString: url })

const orms = {
  async knex() {
    const knex = require('knex')({ client: 'pg', connection: url })
    await knex.schema.dropTableIfExists('k_orders')
    const migrations = [{ name: '1', up: (db) => db.schema.createTable('k_orders', (table) => { table.increments(); table.string('what', 40).notNullable().index(); table.timestamp('at') }), down: (db) => db.schema.dropTable('k_orders') }]
    const migrationSource = { getMigrations: async () => migrations, getMigrationName: ({ name }) => name, getMigration: async (one) => one }
    await knex.schema.dropTableIfExists('knex_migrations')
    await knex.migrate.latest({ migrationSource })
    await knex('k_orders').insert({ what: 'tea' })
    const { what } = await knex('k_orders').columnInfo()
    return [await knex.schema.hasTable('k_orders'), await knex.schema.hasColumn('k_orders', 'none'), what.type, what.maxLength, await knex('k_orders').select('id', 'what')]
  },
  async kysely() {
    const { Kysely, PostgresDialect } = require('kysely')
    const db = new Kysely({ dialect: new PostgresDialect({ pool }) })
    await db.schema.dropTable('ky_orders').ifExists().execute()
    await db.schema.createTable('ky_orders').addColumn('id', 'serial', (column) => column.primaryKey()).addColumn('what', 'text').execute()
    const tables = await db.introspection.getTables()
    return tables.find(({ name }) => name === 'ky_orders').columns.map(({ name, dataType, isAutoIncrementing, isNullable }) => [name, dataType, isAutoIncrementing, isNullable])
  },
  async typeorm() {
    const { DataSource, EntitySchema } = require('typeorm')
    const entity = (more) => new EntitySchema({ name: 'Order', tableName: 't_orders', indices: [{ columns: ['what'], unique: true }], columns: { id: { type: 'int', primary: true, generated: true }, what: { type: 'text' }, state: { type: 'enum', enum: ['open', 'done'], default: 'open' }, ...more } })
    await pool.query('drop table if exists t_orders; drop type if exists t_orders_state_enum')
    for (const more of [{}, { at: { type: 'timestamptz', nullable: true } }]) {
      const db = await new DataSource({ type: 'postgres', url, entities: [entity(more)], synchronize: true, installExtensions: false }).initialize()
      if (!more.at) await db.getRepository('Order').save({ what: 'tea' })
      else return [await db.getRepository('Order').find(), (await db.driver.createSchemaBuilder().log()).upQueries.length]
    }
  },
  async sequelize() {
    const { Sequelize, DataTypes } = require('sequelize')
    const db = new Sequelize(url, { logging: false })
    const define = (more) => db.define('order', { what: { type: DataTypes.STRING, unique: true }, state: { type: DataTypes.ENUM('open', 'done'), defaultValue: 'open' }, at: DataTypes.DATE, ...more }, { tableName: 's_orders', timestamps: false, indexes: [{ fields: ['at'] }] })
    await define().sync({ force: true })
    await define().create({ what: 'tea', at: new Date('2026-01-02T03:04:05Z') })
    await define({ cups: DataTypes.INTEGER }).sync({ alter: true })
    const columns = await db.getQueryInterface().describeTable('s_orders')
    const indexes = await db.getQueryInterface().showIndex('s_orders')
    return [await db.databaseVersion().then((version) => /^\d/.test(version)), columns.state.type, columns.state.special, Object.keys(columns), indexes.map(({ name, unique, primary }) => [name, unique, primary]).sort(), await db.models.order.findAll({ raw: true })]
  },
  async drizzle() {
    const { drizzle } = require('drizzle-orm/node-postgres')
    const { pgTable, pgEnum, serial, text, jsonb } = require('drizzle-orm/pg-core')
    const state = pgEnum('d_state', ['open', 'done'])
    const orders = pgTable('d_orders', { id: serial().primaryKey(), what: text().notNull(), state: state(), more: jsonb() })
    const db = drizzle({ client: pool })
    await pool.query('drop table if exists d_orders; drop type if exists d_state')
    await pool.query("create type d_state as enum ('open', 'done'); create table d_orders (id serial primary key, what text not null, state d_state, more jsonb)")
    await db.insert(orders).values({ what: 'tea', state: 'done', more: { sugar: [1] } })
    return db.select().from(orders)
  },
}

require('http').createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://x')
  const run = orms[pathname.slice(1)]
  if (!run) return res.end(searchParams.get('hub.challenge') ?? 'x')
  try { res.end(JSON.stringify(await run())) } catch (error) { console.error(error); res.writeHead(500).end(String(error.message)) }
}).listen(process.env.PORT || 3000)
