require('reflect-metadata')
const { DataSource, EntitySchema, In } = require('typeorm')
const { failure, needs, serve } = require('../checks')

const Guest = new EntitySchema({ name: 'Guest', tableName: 'to_guests', columns: { id: { type: 'int', primary: true, generated: true }, name: { type: 'text' }, age: { type: 'int', nullable: true } } })
let opened
const source = () => (opened ??= (async () => {
  const db = await new DataSource({ type: 'postgres', url: process.env.DATABASE_URL ?? 'postgres://bot@host/db', entities: [Guest], installExtensions: false }).initialize()
  await db.query('drop table if exists to_guests')
  await db.query('create table to_guests (id serial primary key, name text not null, age int)')
  return db
})())
const fresh = async () => { const guests = (await source()).getRepository(Guest); await (await source()).query('truncate to_guests restart identity'); await guests.save([{ name: 'Ana', age: 3 }, { name: 'Bia' }]); return guests }
serve({
  checks: {
    save: async () => (await fresh()).save({ name: 'C' }),
    find: async () => (await fresh()).find({ where: { name: In(['Ana']) }, order: { id: 'ASC' } }),
    builder: async () => (await fresh()).createQueryBuilder('g').select('g.name').where('g.age > :n', { n: 1 }).getMany(),
    update: async () => (await (await fresh()).update({ name: 'Bia' }, { age: 9 })).affected,
    transaction: async () => { const guests = await fresh(); await failure(async () => (await source()).transaction(async (manager) => { await manager.save(Guest, { name: 'D' }); throw new Error('no') })); return guests.count() },
    error: async () => { const db = await source(); return failure(() => db.query('select * from to_none')).then(({ failed }) => [failed.name, failed.code]) },
    synchronize: needs('SQL dialects', async () => { const db = await source(); await db.synchronize(); return db.getRepository(Guest).count() }),
  },
})
