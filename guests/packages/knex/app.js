const knex = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL ?? {}, pool: { min: 0, max: 2 } })
const { failure, serve } = require('../checks')

const fresh = async () => {
  await knex.schema.dropTableIfExists('knex_guests')
  await knex.schema.createTable('knex_guests', (table) => { table.increments('id'); table.string('name').notNullable(); table.jsonb('more'); table.boolean('vip').defaultTo(false) })
  await knex('knex_guests').insert([{ name: 'Ana', more: { n: 1 } }, { name: 'Bia', vip: true }])
}
serve({
  checks: {
    schema: async () => { await fresh(); return [await knex.schema.hasTable('knex_guests'), await knex.schema.hasColumn('knex_guests', 'none')] },
    select: async () => { await fresh(); return knex('knex_guests').select('id', 'name', 'vip').where('name', 'like', 'A%').orWhere({ vip: true }).orderBy('id') },
    insert: async () => { await fresh(); return knex('knex_guests').insert({ name: 'Cris' }).returning(['id', 'name']) },
    update: async () => { await fresh(); return [await knex('knex_guests').where({ id: 1 }).update({ name: 'X' }), await knex('knex_guests').where({ id: 2 }).del()] },
    aggregate: async () => { await fresh(); return knex('knex_guests').count('* as n').max('id as m').first() },
    transaction: async () => { await fresh(); await failure(() => knex.transaction(async (trx) => { await trx('knex_guests').insert({ name: 'D' }); throw new Error('no') })); return knex('knex_guests').count('* as n').first() },
    raw: async () => (await knex.raw('select ?::int as a, ?? from (select 1 as b) t', [1, 'b'])).rows,
    sql: () => knex('a').join('b', 'a.id', 'b.a_id').whereIn('x', [1, 2]).groupBy('y').havingRaw('count(*) > 1').limit(3).toSQL().toNative(),
    json: async () => { await fresh(); return knex('knex_guests').whereJsonPath('more', '$.n', '=', 1).pluck('name') },
    error: () => failure(() => knex('knex_none').select()).then(({ failed }) => [failed.message, failed.code]),
    upsert: async () => { await knex.schema.dropTableIfExists('knex_up'); await knex.schema.createTable('knex_up', (table) => { table.integer('id').primary(); table.integer('n') }); await knex('knex_up').insert({ id: 1, n: 1 }); return knex('knex_up').insert({ id: 1, n: 2 }).onConflict('id').merge().returning('n') },
  },
})
