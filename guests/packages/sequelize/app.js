const { DataTypes, Op, Sequelize } = require('sequelize')
const { failure, needs, serve } = require('../checks')

const db = new Sequelize(process.env.DATABASE_URL ?? 'postgres://bot@host/db', { logging: false, pool: { max: 2 } })
const Guest = db.define('guest', { name: { type: DataTypes.STRING, allowNull: false, unique: true }, age: DataTypes.INTEGER, more: DataTypes.JSONB, at: DataTypes.DATE }, { timestamps: false, tableName: 'sq_guests' })
const Order = db.define('order', { what: DataTypes.STRING }, { timestamps: false, tableName: 'sq_orders' })
Guest.hasMany(Order)
Order.belongsTo(Guest)
const fresh = async () => {
  await db.drop({ cascade: true })
  await db.sync()
  await Guest.bulkCreate([{ name: 'Ana', age: 30, more: { n: 1 }, at: new Date(0) }, { name: 'Bia' }])
}
const checks = {
  authenticate: () => db.authenticate(),
  sync: async () => { await fresh(); return (await db.getQueryInterface().describeTable('sq_guests')).name.type },
  create: async () => { await fresh(); return (await Guest.create({ name: 'C' })).toJSON() },
  findAll: async () => { await fresh(); return (await Guest.findAll({ where: { [Op.or]: [{ name: { [Op.like]: 'A%' } }, { age: null }] }, order: [['id', 'DESC']] })).map((guest) => guest.toJSON()) },
  findOne: async () => { await fresh(); return (await Guest.findOne({ where: { name: 'Ana' } })).more },
  update: async () => { await fresh(); return Guest.update({ age: 1 }, { where: { name: 'Bia' } }) },
  destroy: async () => { await fresh(); return Guest.destroy({ where: {} }) },
  include: async () => { await fresh(); const ana = await Guest.findOne({ where: { name: 'Ana' } }); await ana.createOrder({ what: 'tea' }); return (await Guest.findByPk(ana.id, { include: Order })).toJSON() },
  transaction: async () => { await fresh(); await failure(() => db.transaction(async (transaction) => { await Guest.create({ name: 'D' }, { transaction }); throw new Error('no') })); return Guest.count() },
  unique: async () => { await fresh(); return failure(() => Guest.create({ name: 'Ana' })).then(({ failed }) => failed.name) },
  validation: () => failure(() => Guest.build({}).validate()).then(({ failed }) => [failed.name, failed.message]),
  raw: async () => (await db.query('select :a::int as a', { replacements: { a: 7 } }))[0],
  upsert: async () => { await fresh(); return (await Guest.upsert({ name: 'Ana', age: 5 }))[0].age },
}
serve({ checks: Object.fromEntries(Object.entries(checks).map(([name, run]) => [name, needs('SQL dialects', run)])) })
