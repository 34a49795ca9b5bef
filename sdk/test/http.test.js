/** HTTP servers and clients as bots use them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle, makeEngine } from './support/node_engine.js'

/** Boots a bot whose request handler is the given code. */
async function serve(handler, ...more) {
  const engine = makeEngine(...more)
  const boot = await engine.boot(`require('http').createServer(async (req, res) => { ${handler} }).listen(3000)`)
  assert.equal(boot.ok, true, boot.error?.stack)
  return engine
}

const EXPRESS = (version) => bundle(`
  const express = require('${version}')
  const app = express().use(express.json(), express.urlencoded({ extended: true }))
  app.post('/webhook/:name', async (req, res) => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    res.json({ body: req.body, name: req.params.name, query: req.query.q, secure: req.secure })
  })
  app.get('/fails', async (req, res, next) => next(new Error('no good')))
  app.use((error, req, res, next) => res.status(502).json({ error: error.message }))
  app.listen(3000)
`)

for (const version of ['express', 'express4']) {
  test(`${version} reads JSON and forms, has params, and handles errors`, async () => {
    const engine = makeEngine()
    await engine.boot(EXPRESS(version))

    const json = await engine.event({ method: 'POST', path: '/webhook/meta?q=1', headers: { 'content-type': 'application/json' }, body: '{"text":"olá"}' })
    assert.equal(json.headers['Content-Type'], 'application/json; charset=utf-8')
    assert.deepEqual(JSON.parse(json.body), { body: { text: 'olá' }, name: 'meta', query: '1', secure: true })

    const form = await engine.event({ method: 'POST', path: '/webhook/x', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a%5Bb%5D=1' })
    assert.deepEqual(JSON.parse(form.body).body, { a: { b: '1' } })

    const failed = await engine.event({ path: '/fails' })
    assert.deepEqual([failed.status, failed.body, failed.failure], [502, '{"error":"no good"}', undefined])
    assert.equal((await engine.event({ path: '/none' })).status, 404)
  })
}

test('finish comes before close, and the work after the answer is waited for', async () => {
  const engine = await serve(`
    for (const name of ['close', 'finish']) res.on(name, () => console.log(name))
    res.end('ok')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    console.log('later')
  `)
  const { logs } = await engine.event()
  assert.deepEqual(logs.map(({ message }) => message), ['finish', 'close', 'later'])
})

test('write says when to wait, and drain when to go on', async () => {
  const engine = await serve(`
    let writes = 0
    const go = () => {
      while (writes < 10) if (!res.write('x'.repeat(32768)) && ++writes) return res.once('drain', go)
        else writes++
      res.end()
    }
    go()
  `)
  const { status, body } = await engine.event()
  assert.deepEqual([status, body.length > 5 * 32768], [200, true])
})

test('headers: pairs as they were set, hop-by-hop ones swallowed, cookies kept apart', async () => {
  const engine = await serve(`
    res.setHeader('X-One', '1')
    res.setHeader('Connection', 'keep-alive')
    res.setHeader('Transfer-Encoding', 'chunked')
    res.setHeader('Set-Cookie', ['a=1', 'b=2'])
    res.writeHead(201, { 'x-two': 2 })
    res.end(JSON.stringify([req.headers.cookie, req.rawHeaders[0]]))
  `)
  const answer = await engine.event({ headers: { Cookie: 'c=3' } })
  assert.deepEqual([...answer.rawHeaders], ['X-One', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'x-two', '2'])
  assert.deepEqual([answer.status, answer.body], [201, '["c=3","host"]'])
})

test('an exception that nobody caught fails the event and answers 500', async () => {
  const engine = await serve('setTimeout(() => { throw new Error("no good") }, 5)')
  const { status, failure, logs } = await engine.event()
  assert.deepEqual([status, failure, logs[0].level], [500, 'Error: no good', 'error'])
  assert.match(logs[0].message, /Uncaught exception: Error: no good\n {4}at .*app\.js:1:/)
})

test('a rejection that nobody handles fails the event once, though it was answered', async () => {
  const engine = await serve('res.end("ok"); Promise.reject(new Error("one")); Promise.reject(new Error("two"))')
  const { status, failure } = await engine.event()
  assert.deepEqual([status, failure], [200, 'Error: one'])
})

test('a bot with its own handler for exceptions decides itself', async () => {
  const engine = makeEngine()
  await engine.boot(`
    process.on('uncaughtException', (error, origin) => console.log(origin, error.message))
    process.on('unhandledRejection', (reason) => console.log('rejected', reason.message))
    require('http').createServer((req, res) => {
      Promise.reject(new Error('r'))
      res.end('ok')
      setTimeout(() => { throw new Error('e') }, 1)
    }).listen(3000)`)
  const { failure, logs } = await engine.event()
  assert.deepEqual([failure, logs.map(({ message }) => message)], [undefined, ['rejected r', 'uncaughtException e']])
})

test('a handler that never answers ends the event without an answer', async () => {
  const engine = await serve('')
  assert.equal((await engine.event()).status, undefined)
})

test('fetch and http.request reach the network through the host', async () => {
  const seen = []
  const engine = await serve(`
    const a = await fetch('https://api.example:8443/a?b=c#d', { method: 'POST', body: JSON.stringify({ x: 1 }), headers: { 'Content-Type': 'application/json' } })
    const b = await new Promise((resolve, reject) => {
      const request = require('https').request('https://api.example/put', { method: 'PUT', headers: { 'X-Case': 'kept' } }, (response) => {
        let text = ''
        response.on('data', (chunk) => { text += chunk }).on('end', () => resolve([response.statusCode, text]))
      })
      request.on('error', reject)
      request.write('one')
      request.end('two')
    })
    res.end(JSON.stringify([a.status, await a.json(), b]))
  `, {}, (request) => { seen.push(request); return { status: 201, headers: ['content-type', 'application/json'], body: '{"ok":true}' } })
  assert.equal((await engine.event()).body, '[201,{"ok":true},[201,"{\\"ok\\":true}"]]')
  assert.deepEqual(seen.map(({ method, scheme, authority, path, body }) => `${method} ${scheme}://${authority}${path} ${body}`),
    ['POST https://api.example:8443/a?b=c {"x":1}', 'PUT https://api.example/put onetwo'])
  assert.equal(seen[1].headers.includes('X-Case'), true)
})

test('fetch follows redirects, and leaves the token behind at another origin', async () => {
  const seen = []
  const engine = await serve(`
    const response = await fetch('https://one.example/', { headers: { Authorization: 'secret' } })
    res.end([response.url, response.redirected, await response.text()].join())
  `, {}, ({ authority, headers }) => {
    seen.push(headers.includes('secret'))
    return authority === 'one.example' ? { status: 302, headers: ['location', 'https://two.example/x'] } : { body: 'there' }
  })
  assert.equal((await engine.event()).body, 'https://two.example/x,true,there')
  assert.deepEqual(seen, [true, false])
})

test('what the host refuses arrives as the error that Node would give', async () => {
  const answers = { 'a.example': { tag: 'DNS-error', val: {} }, 'b.example': { tag: 'connection-refused' }, 'c.example': { tag: 'HTTP-request-denied' } }
  const engine = await serve(`
    const codes = []
    for (const name of ['a', 'b', 'c']) await fetch('https://' + name + '.example').catch((error) => codes.push(error.name + ' ' + error.cause.code))
    res.end(codes.join())
  `, {}, ({ authority }) => { throw { payload: answers[authority] } }) // eslint-disable-line no-throw-literal
  assert.equal((await engine.event()).body, 'TypeError ENOTFOUND,TypeError ECONNREFUSED,TypeError EACCES')
})

test('a bot reaches its own server without the host', async () => {
  const engine = await serve(`
    if (req.url === '/inner') return res.end('inner ' + req.headers.host)
    const text = await (await fetch('http://localhost:3000/inner')).text()
    const refused = await fetch('http://localhost:3001/').catch((error) => error.cause.code)
    res.end(text + ' ' + refused)
  `)
  assert.equal((await engine.event()).body, 'inner localhost:3000 ECONNREFUSED')
})

test('the client that the host names is the one at the other end of the socket', async () => {
  const engine = await serve('res.end(req.socket.remoteAddress)')
  const asked = await engine.event({ headers: { 'x-forwarded-for': '203.0.113.9' } })
  assert.equal(asked.body, '203.0.113.9')
  assert.equal((await engine.event()).body, '127.0.0.1')
})
