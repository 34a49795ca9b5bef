const { needs, serve } = require('../checks')

serve({
  checks: {
    load: async () => { const { Agenda } = await import('agenda'); return [typeof Agenda, typeof Agenda.prototype.define, typeof Agenda.prototype.every] },
    connect: needs('sockets', async () => { const { MongoClient } = require('mongodb'); return new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 200 }).connect().catch(({ name }) => name) }),
  },
})
