// A hostile neighbour for the bench: does what a message names, as much of it as one event may.
const http = require('node:http')
const { Pool } = require('pg')

const { PORT, VERIFY_TOKEN } = process.env
const db = new Pool()

const attacks = {
  cpu() { for (;;); },
  memory() { const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1)) },
  async sql() { for (;;) await Promise.all(Array.from({ length: 4 }, () => db.query('select count(*) from generate_series(1, 300000) n where n % 7 = 3'))) },
  async outbound() { await Promise.allSettled(Array.from({ length: 450 }, () => fetch('http://service.test/slow').then((response) => response.text()))) },
  log() { for (let n = 0; n < 5_000; n++) console.log(`${n} ${'x'.repeat(500)}`) },
  webhooks() {},
}

http.createServer(async (req, res) => {
  if (req.method === 'GET') {
    const { searchParams } = new URL(req.url, 'http://bot')
    return searchParams.get('hub.verify_token') === VERIFY_TOKEN ? res.end(searchParams.get('hub.challenge')) : res.writeHead(403).end()
  }
  let body = ''
  for await (const chunk of req) body += chunk
  const [message] = JSON.parse(body).entry[0].changes[0].value.messages ?? []
  if (message) await attacks[message.text.body.split(' ')[0]]()
  res.end()
}).listen(PORT)
