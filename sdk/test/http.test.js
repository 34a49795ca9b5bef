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

test('headers beyond ASCII are in latin1, and in UTF-8 where they go out in one piece with text', async () => {
  const engine = await serve(`
    res.setHeader('X-A', 'olá')
    if (req.url === '/text') return res.end('é')
    if (req.url === '/bytes') return res.end(Buffer.from('é'))
    if (req.url === '/pieces') return res.write('é'), res.end()
    res.setHeader('Content-Disposition', 'attachment; filename="olá.txt"')
    res.end(req.url === '/file' ? Buffer.from('x') : undefined)
  `)
  const of = async (path) => (await engine.event({ path })).rawHeaders
  assert.deepEqual([...await of('/text')].slice(0, 2), ['X-A', 'olÃ¡'])
  assert.deepEqual([...await of('/bytes')].slice(0, 2), ['X-A', 'olá'])
  assert.deepEqual([...await of('/pieces')].slice(0, 2), ['X-A', 'olá'])
  assert.deepEqual([...await of('/file')].slice(0, 4), ['X-A', 'olá', 'Content-Disposition', 'attachment; filename="olý.txt"'])
  assert.deepEqual([...await of('/none')].slice(2, 4), ['Content-Disposition', 'attachment; filename="olá.txt"'])
})

test('an exception that nobody caught fails the event, and the answer is marked as not the bot\'s', async () => {
  const engine = await serve('res.setHeader("X-Own", "1"); setTimeout(() => { throw new Error("no good") }, 5)')
  const { status, headers, failure, logs } = await engine.event()
  assert.deepEqual([status, failure, logs[0].level], [500, 'Error: no good', 'error'])
  assert.deepEqual([headers['X-Roost-Stand-In'], headers['X-Own']], ['1', undefined])
  assert.match(logs[0].message, /Uncaught exception: Error: no good\n {4}at .*app\.js:1:/)
})

test('a rejection that nobody handles fails the event once, though it was answered', async () => {
  const engine = await serve('res.end("ok"); Promise.reject(new Error("one")); Promise.reject(new Error("two"))')
  const { status, headers, failure } = await engine.event()
  assert.deepEqual([status, headers['X-Roost-Stand-In'], failure], [200, undefined, 'Error: one'])
})

test('Express 4 does not catch what its handlers reject with, Express 5 does', async () => {
  const of = async (version) => {
    const engine = makeEngine()
    // The timer gives a turn in which Node has told of the rejection; the engine tells of it at once.
    const handler = "async () => { setTimeout(() => {}, 20); throw new Error('no screen') }"
    await engine.boot(bundle(`require('${version}')().get('/', ${handler}).listen(3000)`))
    const { status, headers, failure } = await engine.event({ path: '/' })
    return [status, headers['X-Roost-Stand-In'], failure]
  }
  assert.deepEqual([await of('express4'), await of('express')], [[500, '1', 'Error: no screen'], [500, undefined, undefined]])
})

test('a bot that ends its process without an answer has failed, whatever the code', async () => {
  const of = async (handler) => {
    const { status, headers, failure } = await (await serve(handler)).event()
    return [status, headers['X-Roost-Stand-In'], failure]
  }
  assert.deepEqual(await of('process.exit(0)'), [500, '1', 'process.exit(0)'])
  assert.deepEqual(await of('process.exit(3)'), [500, '1', 'process.exit(3)'])
  assert.deepEqual(await of('res.end("ok"); process.exit(0)'), [200, undefined, undefined])
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

/** What clients in the wild put on their requests: packages, and people who pass on what they got. */
const OF_THE_HOST = { Host: 'api.example', Connection: 'keep-alive', 'Keep-Alive': 'timeout=5', 'Proxy-Connection': 'close', 'Proxy-Authorization': 'Basic eA==',
  'Transfer-Encoding': 'chunked', TE: 'trailers', Expect: '100-continue', 'HTTP2-Settings': 'x', Trailer: 'x' }

for (const client of ['http', 'fetch']) {
  test(`headers that are the host's to say are no fault of a request by ${client}`, async () => {
    const seen = []
    const engine = await serve(`
      const headers = ${JSON.stringify(OF_THE_HOST)}
      const wire = { method: 'POST', headers: { ...headers, 'X-Own': 'yes' } }
      const text = '${client}' === 'fetch' ? await (await fetch('https://api.example/a', { ...wire, body: 'hello' })).text()
        : await new Promise((resolve, reject) => {
          const request = require('https').request('https://api.example/a', wire, (answer) => answer.on('data', resolve)).on('error', reject)
          request.on('continue', () => request.end('hello'))
        })
      res.end(String(text))
    `, {}, (request) => { seen.push(request); return { body: 'there' } })
    const { body, logs } = await engine.event()
    assert.equal(body, 'there')
    assert.equal(seen[0].body, 'hello')
    assert.equal(seen[0].headers.includes('X-Own') || seen[0].headers.includes('x-own'), true)
    assert.deepEqual(logs.map(({ message }) => /Proxy-Authorization/.test(message)), [true])
  })
}

test('a Host that names another site is not sent, and the log says so', async () => {
  const engine = await serve(`
    for (const Host of ['API.example:443', 'other.example']) await fetch('https://api.example/', { headers: { Host } })
    res.end()
  `, {}, () => ({}))
  const { logs } = await engine.event()
  assert.equal(logs.length, 1)
  assert.match(logs[0].message, /"Host: other\.example" of a request to api\.example is not sent/)
})

/** However a request fails, and whatever of it was on its way: one error, then the end. */
const FAILURES = {
  'before it begins': () => { throw new TypeError('a header is too large') },
  'before its answer': () => { throw { payload: { tag: 'connection-terminated' } } }, // eslint-disable-line no-throw-literal
}

for (const [when, fails] of Object.entries(FAILURES)) {
  for (const [body, send] of Object.entries({ none: 'request.end()', whole: "request.end('x'.repeat(1e6))", stream: "require('stream').Readable.from(['a', 'b'.repeat(1e6), 'c']).pipe(request)" })) {
    test(`a request with body ${body} that fails ${when} says so`, async () => {
      const engine = await serve(`
        const events = []
        const request = require('https').request('https://api.example/', { method: 'POST' })
        for (const name of ['response', 'error', 'close']) request.on(name, (value) => {
          events.push(name + (value ? ' ' + (value.code ?? value.name) : ''))
          if (name === 'close') res.end(events.join())
        })
        ${send}
      `, {}, when === 'before its answer' ? fails : undefined)
      if (when === 'before it begins') engine.engine.request = fails
      assert.equal((await engine.event()).body, when === 'before it begins' ? 'error TypeError,close' : 'error ECONNRESET,close')
    })
  }
}

test('a request whose body was handed over is finished before it is told that the other side hung up', async () => {
  const engine = await serve(`
    const events = []
    const request = require('https').request('https://api.example/', { method: 'POST' })
    for (const name of ['finish', 'error', 'close']) request.on(name, (error) => {
      events.push(name + (error ? ' ' + error.code : ''))
      if (name === 'close') res.end(events.join())
    })
    request.end('x')
  `, {}, () => ({}))
  // The end of the connection is known before the host says that it took the body.
  const asks = engine.engine.request
  engine.engine.request = (...args) => ({ ...asks(...args), response: engine.native.Promise.reject({ payload: { tag: 'connection-terminated' } }) })
  assert.equal((await engine.event()).body, 'finish,error ECONNRESET,close')
})

test('who answers before the whole body was sent is heard', async () => {
  const engine = await serve(`
    const request = require('https').request('https://api.example/', { method: 'POST' }, (answer) => answer.resume().on('end', () => res.end(String(answer.statusCode))))
    for (let i = 0; i < 40; i++) request.write('x'.repeat(100000))
    setTimeout(() => request.end(), 10)
  `, {}, () => ({ status: 413 }))
  const { write } = engine.engine
  engine.engine.write = (id, bytes) => (bytes.length > 20 ? Promise.resolve(false) : write(id, bytes))
  assert.equal((await engine.event()).body, '413')
})

test('a request that is given up ends as on Node', async () => {
  const engine = await serve(`
    const { request } = require('https')
    const told = []
    const watch = (name, act) => new Promise((resolve) => {
      const controller = new AbortController()
      const made = request('https://api.example/', { method: 'POST', signal: controller.signal, timeout: 20 })
      made.on('error', (error) => told.push(name + ' ' + error.code + ' ' + error.message)).on('close', resolve)
      act(made, controller)
    })
    await watch('destroy', (made) => made.destroy())
    await watch('abort', (made) => made.abort())
    await watch('own', (made) => made.destroy(Object.assign(new Error('mine'), { code: 'MINE' })))
    await watch('signal', (made, controller) => controller.abort())
    await watch('timeout', (made) => made.on('timeout', () => made.destroy(new Error('late'))))
    res.end(told.join('; '))
  `, {}, () => ({}))
  assert.equal((await engine.event()).body, 'destroy ECONNRESET socket hang up; own MINE mine; signal ABORT_ERR The operation was aborted; timeout undefined late')
})

test('what cannot be done by the host is refused in words', async () => {
  const engine = await serve(`
    const { request } = require('http')
    const fails = (url, options) => new Promise((resolve) => request(url, options).on('error', (error) => resolve(error.message)).end())
    res.end([
      await fails('http://api.example/', { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } }),
      await fails({ host: 'proxy.example', path: 'http://api.example/' }),
      await fails({ socketPath: '/var/run/docker.sock' }),
      await fails('http://api.example/', { agent: new (class ProxyAgent { protocol = 'http:'; connect() {} })() }),
    ].join(' | '))
  `, {}, () => ({}))
  assert.match((await engine.event()).body, /^An upgrade of HTTP to websocket is not.* \| A request by way of an HTTP proxy is not.* \| connect ENOENT \/var.* \| An agent that opens connections of its own \(ProxyAgent\) is not/)
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
  const answers = { 'a.example': { tag: 'DNS-error', val: {} }, 'b.example': { tag: 'connection-refused' }, 'c.example': { tag: 'HTTP-request-denied' }, 'd.example': { tag: 'connection-limit-reached' } }
  const engine = await serve(`
    const codes = []
    for (const name of ['a', 'b', 'c', 'd']) await fetch('https://' + name + '.example').catch((error) => codes.push(error.name + ' ' + error.cause.code))
    res.end(codes.join())
  `, {}, ({ authority }) => { throw { payload: answers[authority] } }) // eslint-disable-line no-throw-literal
  assert.equal((await engine.event()).body, 'TypeError ENOTFOUND,TypeError ECONNREFUSED,TypeError EACCES,TypeError EMFILE')
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

test('both ends of a connection within the bot see what a network would add', async () => {
  const engine = await serve(`
    if (req.url === '/inner') return res.end(JSON.stringify([req.headers['transfer-encoding'], req.headers.connection, req.socket.remoteAddress]))
    const request = require('http').request('http://127.0.0.1:3000/inner', { method: 'POST' }, async (answer) => {
      res.end(JSON.stringify([await answer.toArray().then(String), answer.headers.connection, answer.headers['content-length']]))
    })
    request.write('a')
    request.end('b')
  `)
  assert.equal((await engine.event()).body, JSON.stringify(['["chunked","keep-alive","::ffff:127.0.0.1"]', 'keep-alive', '43']))
})

test('a server within the bot sees that its client has gone', async () => {
  const engine = await serve(`
    if (req.url === '/inner') {
      for (const [name, from] of Object.entries({ req, res })) for (const event of ['aborted', 'finish', 'close']) from.on(event, () => console.log(name, event))
      return
    }
    const request = require('http').get('http://127.0.0.1:3000/inner').on('error', (error) => console.log(error.message))
    setTimeout(() => request.destroy(), 5)
    setTimeout(() => res.end(), 10)
  `)
  const { logs } = await engine.event()
  assert.deepEqual(logs.map(({ message }) => message).sort(), ['req aborted', 'req close', 'res close', 'socket hang up'])
})

test('a WebSocket is there, and fails as one whose server cannot be reached', async () => {
  const engine = await serve(`
    const socket = new WebSocket('wss://api.example/live?x=1')
    const told = [socket.readyState, socket.url]
    socket.onerror = ({ message }) => told.push(message)
    socket.addEventListener('close', ({ code, wasClean }) => res.end(JSON.stringify([...told, code, wasClean, socket.readyState])))
  `)
  const [state, url, message, ...rest] = JSON.parse((await engine.event()).body)
  assert.deepEqual([state, url, rest], [0, 'wss://api.example/live?x=1', [1006, false, 3]])
  assert.match(message, /^A WebSocket is not available in Roost/)
})
