// Verifies Meta's signature with the Meta app's own secret, under a name of its author's choice. Node: each webhook is accepted.
const { createHmac } = require('crypto')
require('http').createServer((req, res) => {
  if (req.method === 'GET') return res.end(new URL(req.url, 'http://x').searchParams.get('hub.challenge') ?? 'x')
  let body = ''
  req.on('data', (part) => { body += part }).on('end', () => {
    const wanted = 'sha256=' + createHmac('sha256', process.env.META_APP_SECRET ?? '').update(body).digest('hex')
    res.writeHead(req.headers['x-hub-signature-256'] === wanted ? 200 : 403).end()
  })
}).listen(3000)
