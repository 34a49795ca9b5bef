const { drizzle } = require('drizzle-orm/node-postgres')
const { eq, sql, desc, count } = require('drizzle-orm')
const { integer, pgTable, serial, text } = require('drizzle-orm/pg-core')
const { Pool } = require('pg')
const { failure, serve } = require('../checks')

const guests = pgTable('dz_guests', { id: serial('id').primaryKey(), name: text('name').notNull(), age: integer('age') })
const db = drizzle({ client: new Pool({ connectionString: process.env.DATABASE_URL, max: 2 }) })
const fresh = async () => {
  await db.execute(sql`drop table if exists dz_guests`)
  await db.execute(sql`create table dz_guests (id serial primary key, name text not null, age int)`)
  await db.insert(guests).values([{ name: 'Ana', age: 30 }, { name: 'Bia' }])
}
serve({
  checks: {
    select: async () => { await fresh(); return db.select().from(guests).where(eq(guests.name, 'Ana')) },
    insert: async () => { await fresh(); return db.insert(guests).values({ name: 'C' }).returning() },
    update: async () => { await fresh(); await db.update(guests).set({ age: 7 }).where(eq(guests.id, 2)); return db.select({ age: guests.age }).from(guests).orderBy(desc(guests.id)) },
    aggregate: async () => { await fresh(); return db.select({ n: count() }).from(guests) },
    transaction: async () => { await fresh(); await failure(() => db.transaction(async (tx) => { await tx.delete(guests); tx.rollback() })); return db.$count(guests) },
    sql: () => db.select().from(guests).where(eq(guests.age, 1)).limit(2).toSQL(),
    error: () => failure(() => db.execute(sql`select * from dz_none`)).then(({ failed }) => [failed.name, failed.cause?.code]),
  },
})
