/** Booting a bot: what is reported, what is refused, what waits for the first event. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle, makeEngine } from './support/node_engine.js'

const SERVER = `
  const http = require('http')
  http.createServer((req, res) => {
    let body = ''
    req.on('data', (chunk) => { body += chunk })
    req.on('end', () => res.end(JSON.stringify({ method: req.method, url: req.url, body, host: req.headers.host })))
  }).listen(process.env.PORT || 3000)
`

test('a server that listens answers requests', async () => {
  const engine = makeEngine()
  assert.deepEqual(await engine.boot(SERVER, { env: { PORT: '8080' } }), { ok: true, listening: [{ port: 8080, routes: [] }], parked: 0, willListen: false, pendingTimers: 0 })

  const answer = await engine.event({ method: 'POST', path: '/a?b=c', body: 'héllo' })
  assert.equal(answer.status, 200)
  assert.deepEqual(JSON.parse(answer.body), { method: 'POST', url: '/a?b=c', body: 'héllo', host: 'bot.example' })
})

test('an exception at the top level is reported with its place in the bundle', async () => {
  const { ok, error } = await makeEngine().boot('\nthrow new TypeError("no good")')
  assert.equal(ok, false)
  assert.equal(error.message, 'TypeError: no good')
  assert.match(error.stack, /\/app\/app\.js:2:7/)
})

test('a rejection at the top level is reported', async () => {
  const { ok, error } = await makeEngine().boot('Promise.reject(new Error("lost")); setTimeout(() => {}, 10)')
  assert.equal(ok, false)
  assert.equal(error.message, 'Error: lost')
})

test('process.exit at the top level is reported', async () => {
  const { error } = await makeEngine().boot('process.exit(3)')
  assert.deepEqual([error.code, error.message], ['ERR_PROCESS_EXIT', 'The bot called process.exit(3) while it started.'])
})

test('a bot that never listens is reported', async () => {
  const { ok, error } = await makeEngine().boot('setInterval(() => {}, 1000)')
  assert.deepEqual([ok, error.code], [false, 'ERR_NOTHING_LISTENS'])
})

test('a bot that sleeps a little before it listens is waited for', async () => {
  const { listening } = await makeEngine().boot(`setTimeout(() => { ${SERVER} }, 3000)`)
  assert.deepEqual(listening.map(({ port }) => port), [3000])
})

test('a second server on one port is refused', async () => {
  const { error } = await makeEngine().boot(SERVER + SERVER.replace('const http = require(\'http\')', ''))
  assert.match(error.message, /listen EADDRINUSE: address already in use :::3000/)
})

const AFTER_QUERY = `
  const { Pool } = require('pg')
  new Pool().query('CREATE TABLE a ()').then(() => { ${SERVER} })
`
const query = (seen) => ({ 'database.query': (sql) => { seen.push(sql); return { columns: [], rows: [], command: 'CREATE TABLE', affected: 0n } } })

test('with the database, the top level is finished in the image', async () => {
  const seen = []
  const boot = await makeEngine(query(seen)).boot(AFTER_QUERY, { database: true })
  assert.deepEqual([boot.ok, boot.parked, boot.listening.length, seen], [true, 0, 1, ['CREATE TABLE a ()']])
})

test('without it, the call waits for the first event, and the request for the server', async () => {
  const seen = []
  const engine = makeEngine(query(seen))
  const boot = await engine.boot(AFTER_QUERY, { database: false })
  assert.deepEqual([boot.ok, boot.parked, boot.willListen, boot.listening, seen], [true, 1, true, [], []])

  const answer = await engine.event({ path: '/now' })
  assert.deepEqual([answer.status, JSON.parse(answer.body).url, seen], [200, '/now', ['CREATE TABLE a ()']])
})

test('fetch at the top level waits for the first event as well', async () => {
  const asked = []
  const engine = makeEngine({}, (request) => { asked.push(request.path); return { body: '7' } })
  await engine.boot(`fetch('https://a.example/config').then((r) => r.text()).then((text) => {
    require('http').createServer((req, res) => res.end(text)).listen(1)
  })`, { database: false })
  assert.deepEqual(asked, [])
  assert.equal((await engine.event()).body, '7')
  assert.deepEqual(asked, ['/config'])
})

test('sending at the top level is refused', async () => {
  const engine = makeEngine({ 'whatsapp.send-text': () => assert.fail('sent') })
  await engine.boot('require("roost").whatsapp.sendText("1", "hi").catch((error) => console.log(error.code))')
  assert.deepEqual(engine.logs, [{ level: 'info', message: 'denied' }])
})

for (const version of ['express', 'express4']) {
  test(`the routes of ${version} are found, mounted ones too`, async () => {
    const { listening } = await makeEngine().boot(bundle(`
      const express = require('${version}')
      const app = express()
      const shops = express.Router({ mergeParams: true }).get('/seats/:seat', () => {})
      const api = express.Router().post('/webhook', () => {}).use('/shops/:shop', shops)
      const admin = express().get('/', () => {})
      app.use(express.json()).use('/api/v1', api).use('/admin', admin)
      app.get('/', () => {}).post(['/a', '/b'], () => {}).all('/any', () => {})
      app.listen(3000)
    `))
    assert.deepEqual(listening[0].routes.map(({ method, path }) => `${method} ${path}`), ['POST /api/v1/webhook',
      'GET /api/v1/shops/:shop/seats/:seat', 'GET /admin', 'GET /', 'POST /a', 'POST /b', 'ALL /any'])
  })
}

test('instances of one image share no randomness, not even what a package keeps in a pool', async () => {
  const filled = []
  const engine = makeEngine()
  const { random } = engine.engine
  engine.engine.random = (target) => { filled.push(target.length); random(target) }
  await engine.boot(`
    const pool = new Uint8Array(256)
    require('crypto').randomFillSync(pool)
    const secret = require('crypto').randomBytes(32).toString('hex')
    const before = pool.join()
    Math.random()
    require('http').createServer((req, res) => res.end(JSON.stringify([pool.join() === before, secret.length, Math.random() < 1]))).listen(1)
  `)
  filled.length = 0
  assert.equal((await engine.event()).body, '[false,64,true]')
  assert.deepEqual(filled, [256, 512])
})

test('what is only exported is served', async () => {
  const ANSWER = (kind) => `(req, res) => { res.setHeader('x-kind', '${kind}'); res.end(req.method + req.url) }`
  const express = bundle("const app = require('express')(); app.get('/webhook', (req, res) => res.send('GET/webhook?a=1')); module.exports = app")
  const exported = {
    'an Express app': express,
    'a default export that is an Express app': express.replace('module.exports = app', 'module.exports = { __esModule: true, default: app }'),
    'a server': `exports.server = require('http').createServer(${ANSWER('server')})`,
    'a function of a request and a response': `module.exports = ${ANSWER('function')}`,
    'a handler of AWS Lambda': 'exports.handler = async (event) => ({ statusCode: 200, headers: { a: "b" }, body: event.requestContext.http.method + event.rawPath + "?" + event.rawQueryString })',
    'a handler with a callback': 'exports.handler = (event, context, done) => { setTimeout(() => done(null, { statusCode: 200, body: event.httpMethod + event.path + "?a=" + event.queryStringParameters.a }), 5) }',
    'something with fetch': 'module.exports = { default: { fetch: async (request) => new Response(request.method + new URL(request.url).pathname + new URL(request.url).search) } }',
    'an app made by a Koa-like package': `exports.app = { use() {}, callback: () => ${ANSWER('koa')} }`,
  }
  for (const [what, code] of Object.entries(exported)) {
    const engine = makeEngine()
    const boot = await engine.boot(code, { env: { PORT: '3000' } })
    assert.deepEqual([boot.error, boot.listening.map(({ port }) => port)], [undefined, [3000]], what)
    const answer = await engine.event({ path: '/webhook?a=1' })
    assert.deepEqual([answer.status, answer.body], [200, 'GET/webhook?a=1'], what)
  }
})

test('an app that listens by itself is not served twice, exported or not', async () => {
  const { listening } = await makeEngine().boot(`${SERVER}; module.exports = http.createServer(() => {})`)
  assert.deepEqual(listening.map(({ port }) => port), [3000])
})

test('exporting no app is no reason to serve', async () => {
  for (const code of ['module.exports = {}', 'module.exports = class App {}', 'exports.a = () => {}; exports.b = () => {}', 'module.exports = 3']) {
    const { error } = await makeEngine().boot(code)
    assert.equal(error?.code, 'ERR_NOTHING_LISTENS', code)
  }
})

test('a bot that first connects to what it cannot have is told so by name, soon', async () => {
  const net = "const net = require('net')"
  const cases = {
    'MongoDB at db.example:27017': `${net}; const go = () => net.connect({ host: 'db.example', port: 27017 }).on('error', () => setTimeout(go, 500)); go()`,
    'Redis at 127.0.0.1:6379': `${net}; net.connect(6379, '127.0.0.1').on('error', () => {}).on('connect', () => require('http').createServer(() => {}).listen(1))`,
    'MongoDB at cluster0.example.net': "require('dns').promises.resolveSrv('_mongodb._tcp.cluster0.example.net').then(() => require('http').createServer(() => {}).listen(1), () => {})",
    'queue.example:7777': "const tls = require('tls'); tls.connect({ host: 'queue.example', port: 7777 }).on('error', () => {})",
  }
  for (const [what, code] of Object.entries(cases)) {
    const engine = makeEngine()
    const before = engine.engine.now()
    const { error } = await engine.boot(code)
    assert.equal(error.code, 'ERR_START_NEEDS_CONNECTION', what)
    assert.ok(error.message.includes(`before that it connects to ${what}.`), `${what}: ${error.message}`)
    assert.ok(engine.engine.now() - before < 6000, what)
  }
})

test('a bot that goes on without its connection serves', async () => {
  const { ok } = await makeEngine().boot(`require('net').connect(6379).on('error', () => setTimeout(() => { ${SERVER} }, 1000))`)
  assert.equal(ok, true)
})

test('a bot that ends itself for want of a connection says which', async () => {
  const { error } = await makeEngine().boot("require('net').connect(27017, 'db').on('error', () => process.exit(1))")
  assert.match(error.message, /^The bot called process\.exit\(1\) while it started\. Before that it could not connect to MongoDB at db:27017: /)
})

test('a top level that takes too long says what it waits for', async () => {
  const never = { 'database.query': () => new Promise(() => {}) }
  const slow = await makeEngine(never).boot("new (require('pg').Pool)().query('SELECT   pg_sleep(100)')")
  assert.equal(slow.error.code, 'ERR_START_TIMEOUT')
  assert.match(slow.error.message, /after 28 s .* still waits for the database \(SELECT pg_sleep\(100\)\), and it listens on no port yet\./i)
  const sleeps = await makeEngine().boot('const again = () => setTimeout(again, 5000); again()')
  assert.match(sleeps.error.message, /still waits for a timer/)
})

test('of several servers the one at PORT gets the requests, else the only one with routes', async () => {
  const two = bundle("const express = require('express'); const health = require('http').createServer((q, s) => s.end('health')).listen(9000); const app = express(); app.get('/a', (q, s) => s.send('app')); app.listen(8000)")
  for (const PORT of ['8000', '1']) {
    const engine = makeEngine()
    const { listening } = await engine.boot(two, { env: { PORT } })
    assert.deepEqual(listening.map(({ port }) => port), [8000, 9000])
    assert.equal((await engine.event({ path: '/a' })).body, 'app')
  }
  const engine = makeEngine()
  await engine.boot(two, { env: { PORT: '9000' } })
  assert.equal((await engine.event({ path: '/a' })).body, 'health')
})

test('code that reads `.env` finds the environment in it, and a sample is a file like others', async () => {
  const env = { KEY: 'a b', PEM: '-----BEGIN\nx\n-----END', JSON: '{"a":"it\'s"}', HASH: 'a#b', EMPTY: '', PORT: '3000' }
  const engine = makeEngine()
  const source = `
    const fs = require('fs'), util = require('util')
    const parsed = util.parseEnv(fs.readFileSync('.env', 'utf8'))
    process.env.KEY = 'changed'
    process.loadEnvFile()
    const found = {
      parsed, key: process.env.KEY, exists: fs.existsSync(__dirname + '/config/.env.production'),
      sample: fs.existsSync('.env.example'), listed: fs.readdirSync('.'), elsewhere: fs.existsSync('/tmp/.env'),
    }
    fs.appendFileSync('.env', 'NEW=1\\n')
    const { KEY, NEW } = util.parseEnv(fs.readFileSync('.env', 'utf8'))
    found.written = [KEY, NEW]
    require('http').createServer((req, res) => res.end(JSON.stringify(found))).listen(3000)`
  assert.equal((await engine.boot(source, { env })).ok, true)
  const found = JSON.parse((await engine.event({})).body)
  assert.deepEqual(found, { parsed: env, key: 'changed', exists: true, sample: false, listed: [], elsewhere: false, written: ['a b', '1'] })
})
