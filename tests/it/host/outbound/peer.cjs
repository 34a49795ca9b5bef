// The service that bots call: `node peer.cjs KEY CERTIFICATE` serves HTTPS on a free port and prints it.
const crypto = require('node:crypto')
const fs = require('node:fs')
const https = require('node:https')
const zlib = require('node:zlib')

let aborts = 0
let next = () => {}
const flaky = new Map()

/** What differs between two clients that do the same: versions, and whose connection it is. */
const OWN = new Set(['host', 'user-agent', 'connection', 'accept-encoding', 'keep-alive', 'transfer-encoding', 'content-length', 'sec-fetch-mode', 'accept-language'])

async function read(req) {
  const pieces = []
  for await (const piece of req) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The parts of a multipart body. */
function parts(req, body) {
  const [, boundary] = /boundary="?([^";]+)/.exec(req.headers['content-type'] ?? '') ?? []
  return body.toString('latin1').split(`--${boundary}`).slice(1, -1).map((part) => {
    const [head, ...content] = part.replace(/^\r\n/, '').split('\r\n\r\n')
    const text = content.join('\r\n\r\n').replace(/\r\n$/, '')
    return { name: /name="([^"]*)"/.exec(head)?.[1], filename: /filename="([^"]*)"/.exec(head)?.[1] ?? null, length: text.length, text: text.slice(0, 40) }
  })
}

const json = (res, value, status = 200) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))

const routes = {
  async '/echo'(req, res) {
    const body = (await read(req)).toString()
    const headers = Object.fromEntries(Object.entries(req.headers).filter(([name, value]) => !OWN.has(name) && !(name === 'accept' && value === '*/*')))
    json(res, { method: req.method, url: req.url, headers, body, host: req.headers.host === req.socket.server.named })
  },
  async '/length'(req, res) {
    const body = await read(req)
    res.end(`${body.length} ${crypto.createHash('sha1').update(body).digest('hex')}`)
  },
  async '/form'(req, res) { json(res, parts(req, await read(req))) },
  '/bytes'(req, res) { res.end(Buffer.from(Array.from({ length: 256 }, (_, i) => i))) },
  async '/drip'(req, res, url) {
    if (url.pathname === '/drip/next') {
      res.end()
      return next()
    }
    for (const piece of ['first', 'second', 'third']) {
      res.write(piece)
      await new Promise((resolve) => { next = resolve })
    }
    res.end()
  },
  async '/halves'(req, res) {
    req.once('data', (piece) => {
      res.write(`heard ${piece}`)
      req.on('data', (more) => res.end(`and ${more}`))
    })
  },
  '/early'(req, res) { res.writeHead(413).end('too large') },
  '/gzip'(req, res) { res.writeHead(200, { 'content-encoding': 'gzip' }).end(zlib.gzipSync('unpacked')) },
  '/cut'(req, res, url) {
    if (url.search !== '?chunked') res.setHeader('content-length', '100')
    res.write('a part')
    setTimeout(() => res.destroy(), 50)
  },
  '/hang-up'(req) { req.socket.destroy() },
  '/slow'(req, res) { res.on('close', () => { aborts += 1 }) },
  '/aborts'(req, res) { res.end(String(aborts)) },
  '/flaky'(req, res, url) {
    const times = (flaky.get(url.search) ?? 0) + 1
    flaky.set(url.search, times)
    res.writeHead(times % 2 === 1 ? 503 : 200).end(`time ${times % 2}`)
  },
  async '/redirect'(req, res, url) {
    await read(req)
    res.writeHead(Number(url.pathname.split('/')[2]), { location: '/echo' }).end()
  },
  async '/status'(req, res, url) {
    await read(req)
    res.writeHead(Number(url.pathname.split('/')[2])).end()
  },

  async '/openai'(req, res, url) {
    if (url.pathname.includes('/models/')) return json(res, { error: { message: 'no such model', code: 'model_not_found' } }, 404)
    const { stream } = JSON.parse(await read(req))
    if (!stream) return json(res, { choices: [{ message: { role: 'assistant', content: 'hello' } }] })
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const content of ['hel', 'lo']) res.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
    res.end('data: [DONE]\n\n')
  },
  async '/v1'(req, res, url) {
    const body = (await read(req)).toString()
    if (url.pathname === '/v1/balance') return
    if (url.pathname === '/v1/payment_intents') return json(res, { id: `pi_${body}`, object: 'payment_intent' })
    json(res, { error: { type: 'invalid_request_error', code: 'resource_missing', message: 'No such customer' } }, 404)
  },
  async '/photos'(req, res, url) {
    const body = await read(req)
    if (req.method === 'PUT') return res.writeHead(200, { etag: `"${/aws-chunked/.test(req.headers['content-encoding']) ? 'chunks' : body} ${url.pathname}"` }).end()
    if (url.pathname === '/photos/a.txt') return res.end('the object')
    res.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code><Message>none</Message></Error>')
  },
  async '/v4'(req, res, url) {
    const body = (await read(req)).toString()
    if (url.pathname.includes('/none')) return json(res, { error: { code: 404, message: 'not found', status: 'NOT_FOUND' } }, 404)
    json(res, req.method === 'POST' ? { updates: JSON.parse(body), key: url.searchParams.get('key') } : { values: [['a', 'b'], ['1', '2']] })
  },
}

const [, , key, cert] = process.argv
const server = https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, async (req, res) => {
  const url = new URL(req.url, 'https://service.test')
  req.on('error', () => {})
  try {
    await routes[`/${url.pathname.split('/')[1]}`](req, res, url)
  } catch {
    res.destroy()
  }
})
server.listen(0, '127.0.0.1', () => {
  server.named = `service.test:${server.address().port}`
  console.log(server.address().port)
})
