const { Queue } = require('bullmq')
const { needs, serve } = require('../checks')

serve({
  checks: {
    add: needs('sockets', () => new Promise((done) => { const queue = new Queue('q', { connection: { host: '127.0.0.1', port: 1, retryStrategy: null } }); queue.on('error', (error) => { done(error.code); queue.close().catch(() => {}) }) })),
  },
})
