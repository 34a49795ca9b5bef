const Redis = require('ioredis')
const { failure, needs, serve } = require('../checks')

serve({
  checks: {
    connect: needs('sockets', async () => { const client = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true, retryStrategy: null }); const errors = []; client.on('error', (error) => errors.push(error.code)); await failure(() => client.connect()); return errors }),
    client: () => { const client = new Redis({ lazyConnect: true }); return [client.status, typeof client.pipeline] },
  },
})
