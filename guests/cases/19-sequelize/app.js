// A model, its table and a query by Sequelize, which sets its session up at each connection. Node: the row comes back.
const { Sequelize, DataTypes } = require('sequelize')
const db = new Sequelize(process.env.DATABASE_URL ?? 'postgres://user:password@host/database', { logging: false })
const Guest = db.define('guest', { name: DataTypes.STRING, at: DataTypes.DATE })
const works = async () => {
  await db.authenticate()
  await Guest.sync({ force: true })
  await Guest.create({ name: 'Ana', at: new Date('2026-01-02T03:04:05Z') })
  return (await Guest.findAll({ where: { name: 'Ana' } })).map(({ id, name, at }) => ({ id, name, at }))
}
require('http').createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname !== '/') return res.end(url.searchParams.get('hub.challenge') ?? 'x')
  try { res.end(JSON.stringify(await works())) } catch (error) { console.error(error); res.writeHead(500).end(error.message) }
}).listen(3000)
