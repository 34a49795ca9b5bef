const { failure, needs, serve } = require('../checks')
const { createClient } = require('redis')

serve({
  checks: {
    connect: needs('sockets', async () => { const client = createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } }); client.on('error', () => {}); return failure(() => client.connect()).then(({ failed }) => failed.code) }),
    client: () => { const client = createClient(); return [client.isOpen, typeof client.set, typeof client.multi] },
  },
})
