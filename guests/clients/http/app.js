// Calls a service by every HTTP client that people use, in every way that they use it.
const fs = require('fs')
const http = require('http')
const https = require('https')
const { Readable, pipeline } = require('stream')
const axios = require('axios')
const FormData = require('form-data')
const got = require('got')
const nodeFetch2 = require('node-fetch-2')
const request = require('request')
const superagent = require('superagent')
const serve = require('../checks')

const { failure } = serve

/** Without their order, where that is the network's: a body is out when the kernel took it, on Node after an answer too. */
const inNoOrder = ({ events, text }) => ({ events: events.sort(), text })

/** A request by `https` itself: its events in order, and what came back. */
const raw = (url, options = {}, send = (req) => req.end()) => new Promise((resolve) => {
  const events = []
  let text = ''
  const took = (res) => {
    events.push(`response ${res.statusCode}`)
    res.on('data', (chunk) => { text += chunk })
    for (const name of ['end', 'aborted', 'error']) res.on(name, (error) => events.push(`res ${name}${error ? ` ${error.code}` : ''}`))
  }
  const req = typeof url === 'string' ? https.request(url, options, took) : https.request(url, took)
  for (const name of ['finish', 'timeout', 'abort', 'error', 'continue']) req.on(name, (error) => events.push(`${name}${error ? ` ${error.name} ${error.code}` : ''}`))
  req.on('close', () => setImmediate(() => resolve({ events, text })))
  send(req)
})

/** Reads a body whose next piece comes only when the last one was asked on for. */
async function drip(base, read) {
  const pieces = []
  for await (const piece of read) {
    pieces.push(String(piece))
    await fetch(`${base}/drip/next`, { method: 'POST' })
  }
  return pieces
}

/** Two pieces, the second of which waits until the service has answered to the first. */
function halves(answered) {
  return Readable.from((async function* () {
    yield 'one '
    await answered
    yield 'two'
  })())
}

serve({
  // node:http and node:https
  'https get': (base) => raw(`${base}/echo?a=1`),
  'https post': (base) => raw(`${base}/echo`, { method: 'POST', headers: { 'Content-Type': 'text/plain', 'X-Own': 'ü' } }, (req) => req.end(Buffer.from('hello'))),
  'https pieces': (base) => raw(`${base}/echo`, { method: 'PUT' }, (req) => { req.write('one '); req.write('two '); req.end('three') }),
  'https options, agent, auth': (base) => {
    const { hostname, port } = new URL(base)
    return raw({ hostname, port, path: '/echo', method: 'DELETE', auth: 'ana:secret', agent: new https.Agent({ keepAlive: true, maxSockets: 1 }) })
  },
  'https own host header': (base) => raw(`${base}/echo`, { headers: { Host: new URL(base).host, Connection: 'close' } }),
  'https large': (base) => raw(`${base}/length`, { method: 'POST' }, (req) => req.end(Buffer.alloc(3e6, 'x'))).then(inNoOrder),
  'https pipeline': (base) => raw(`${base}/length`, { method: 'POST' }, (req) => pipeline(Readable.from(Array(50).fill('y'.repeat(20000))), req, () => {})).then(inNoOrder),
  'https expect continue': async (base) => {
    const { text } = await raw(`${base}/length`, { method: 'POST', headers: { Expect: '100-continue' } }, (req) => req.on('continue', () => req.end('asked first')))
    return text
  },
  'https head': (base) => raw(`${base}/echo`, { method: 'HEAD' }),
  'https no content': (base) => raw(`${base}/status/204`),
  'https early answer': (base) => raw(`${base}/early`, { method: 'POST' }, (req) => { req.write('z'.repeat(1000)); setTimeout(() => req.end('rest'), 50) }).then(({ text }) => text),
  'https drip': (base) => new Promise((resolve, reject) => https.get(`${base}/drip`, (res) => drip(base, res).then(resolve, reject)).on('error', reject)),
  'https halves': (base) => new Promise((resolve, reject) => {
    const req = https.request(`${base}/halves`, { method: 'POST' }, (res) => {
      let text = ''
      res.on('data', (chunk) => {
        if (text === '') req.end('two')
        text += chunk
      }).on('end', () => resolve(text)).on('error', reject)
    }).on('error', reject)
    req.write('one ')
  }),
  'https cut': async (base) => (await raw(`${base}/cut`)).events,
  'https cut in pieces': async (base) => (await raw(`${base}/cut?chunked`)).events,
  'https hung up': async (base) => (await raw(`${base}/hang-up`)).events,
  'https hung up on body': async (base) => (await raw(`${base}/hang-up`, { method: 'POST' }, (req) => req.end('x'))).events,
  'https timeout': async (base) => (await raw(`${base}/slow`, { timeout: 100 }, (req) => req.on('timeout', () => req.destroy()).end())).events,
  'https abort': async (base) => (await raw(`${base}/slow`, {}, (req) => { req.end(); setTimeout(() => req.abort(), 100) })).events,
  'https signal': async (base) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    return (await raw(`${base}/slow`, { signal: controller.signal })).events
  },
  'https abort in body': async (base) => (await raw(`${base}/drip`, {}, (req) => req.on('response', (res) => res.once('data', () => req.destroy())).end())).events,
  'https nobody there': async () => (await raw('https://service.test:4/')).events.at(-1),
  'https no such name': async () => (await raw('https://nobody.invalid/')).events.at(-1),
  'https aborts are seen': async (base) => {
    const before = Number(await (await fetch(`${base}/aborts`)).text())
    await raw(`${base}/slow`, { method: 'POST' }, (req) => { req.write('never ended'); setTimeout(() => req.destroy(), 100) })
    for (;;) {
      const now = Number(await (await fetch(`${base}/aborts`)).text())
      if (now > before) return now - before
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  },
  'http over https agent': async (base) => {
    try { http.request(base) } catch (error) { return failure(error) }
  },

  // fetch
  'fetch get': async (base) => (await fetch(`${base}/echo?q=%20`)).json(),
  'fetch post': async (base) => (await fetch(`${base}/echo`, { method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'content-type': 'application/json' } })).json(),
  'fetch redirect': async (base) => {
    const answer = await fetch(`${base}/redirect/302`, { method: 'POST', body: 'x' })
    return [answer.redirected, new URL(answer.url).pathname, (await answer.json()).method]
  },
  'fetch drip': async (base) => drip(base, (await fetch(`${base}/drip`)).body.pipeThrough(new TextDecoderStream())),
  'fetch stream up': async (base) => (await fetch(`${base}/length`, { method: 'POST', body: Readable.toWeb(Readable.from([Buffer.from('ab'), Buffer.from('c')])), duplex: 'half' })).text(),
  'fetch form': async (base) => {
    const form = new globalThis.FormData()
    form.append('file', new Blob(['content']), 'a.txt')
    return (await (await fetch(`${base}/form`, { method: 'POST', body: form })).json())
  },
  'fetch cut': async (base) => (await fetch(`${base}/cut?chunked`)).text(),
  'fetch timeout': (base) => fetch(`${base}/slow`, { signal: AbortSignal.timeout(100) }),
  'fetch abort': (base) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    return fetch(`${base}/slow`, { signal: controller.signal })
  },
  'fetch nobody there': () => fetch('https://service.test:4/'),
  'fetch no such name': () => fetch('https://nobody.invalid/'),

  // axios
  'axios get': async (base) => (await axios.get(`${base}/echo`, { params: { a: [1, 2], b: 'c d' } })).data,
  'axios post': async (base) => (await axios.post(`${base}/echo`, { to: 'ana' }, { headers: { Authorization: 'Bearer t' } })).data,
  'axios form': async (base) => {
    const form = new FormData()
    form.append('field', 'value')
    form.append('file', Readable.from(['streamed ', 'file']), { filename: 'a.txt' })
    return (await axios.post(`${base}/form`, form, { headers: form.getHeaders() })).data
  },
  'axios urlencoded': async (base) => (await axios.post(`${base}/echo`, new URLSearchParams({ a: 'b c' }))).data,
  'axios stream down': async (base) => drip(base, (await axios.get(`${base}/drip`, { responseType: 'stream' })).data),
  'axios stream up': async (base) => (await axios.post(`${base}/length`, Readable.from(['one', 'two']))).data,
  'axios bytes': async (base) => (await axios.get(`${base}/bytes`, { responseType: 'arraybuffer' })).data.length,
  'axios gzip': async (base) => (await axios.get(`${base}/gzip`, { headers: { 'accept-encoding': 'gzip' } })).data,
  'axios redirect': async (base) => {
    const { data, request: { res } } = await axios.get(`${base}/redirect/301`)
    return [data.method, new URL(res.responseUrl).pathname]
  },
  'axios redirect of a post': async (base) => (await axios.post(`${base}/redirect/307`, { a: 1 })).data,
  'axios status': (base) => axios.get(`${base}/status/418`),
  'axios timeout': (base) => axios.get(`${base}/slow`, { timeout: 100 }),
  'axios timeout of a post': (base) => axios.post(`${base}/slow`, { a: 1 }, { timeout: 100 }),
  'axios abort': (base) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    return axios.post(`${base}/slow`, { a: 1 }, { signal: controller.signal })
  },
  'axios nobody there': () => axios.get('https://service.test:4/'),
  'axios no such name': () => axios.post('https://nobody.invalid/', { a: 1 }),
  'axios hung up': (base) => axios.post(`${base}/hang-up`, { a: 1 }),
  'axios cut': (base) => axios.get(`${base}/cut`),
  'axios keep-alive': async (base) => {
    const client = axios.create({ baseURL: base, httpsAgent: new https.Agent({ keepAlive: true }), maxRedirects: 0 })
    return Promise.all([1, 2, 3].map(async (n) => (await client.post('/echo', { n })).data.body))
  },
  'axios by fetch': async (base) => (await axios.post(`${base}/echo`, { a: 1 }, { adapter: 'fetch' })).data.body,

  // node-fetch
  'node-fetch 2 get': async (base) => (await nodeFetch2(`${base}/echo`)).json(),
  'node-fetch 2 post': async (base) => (await nodeFetch2(`${base}/echo`, { method: 'POST', body: 'x', signal: new AbortController().signal })).json(),
  'node-fetch 2 form': async (base) => {
    const form = new FormData()
    form.append('a', 'b')
    return (await nodeFetch2(`${base}/form`, { method: 'POST', body: form })).json()
  },
  'node-fetch 2 redirect': async (base) => {
    const answer = await nodeFetch2(`${base}/redirect/303`, { method: 'POST', body: 'x' })
    return [answer.redirected, (await answer.json()).method]
  },
  'node-fetch 2 gzip': async (base) => (await nodeFetch2(`${base}/gzip`, { headers: { 'accept-encoding': 'gzip' } })).text(),
  'node-fetch 2 timeout': (base) => nodeFetch2(`${base}/slow`, { timeout: 100 }),
  'node-fetch 2 abort': (base) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    return nodeFetch2(`${base}/slow`, { signal: controller.signal })
  },
  'node-fetch 2 nobody there': () => nodeFetch2('https://service.test:4/'),
  'node-fetch 2 drip': async (base) => drip(base, (await nodeFetch2(`${base}/drip`)).body),
  'node-fetch 3 get': async (base) => (await (await import('node-fetch')).default(`${base}/echo`)).json(),
  'node-fetch 3 post': async (base) => (await (await import('node-fetch')).default(`${base}/echo`, { method: 'POST', body: 'x' })).json(),
  'node-fetch 3 pieces': async (base) => (await (await import('node-fetch')).default(`${base}/length`, { method: 'POST', body: Readable.from(['a', 'bc']) })).text(),
  'node-fetch 3 drip': async (base) => drip(base, (await (await import('node-fetch')).default(`${base}/drip`)).body),
  'node-fetch 3 abort': async (base) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    return (await import('node-fetch')).default(`${base}/slow`, { signal: controller.signal })
  },

  // got 11
  'got get': async (base) => got(`${base}/echo`, { searchParams: { a: 1 } }).json(),
  'got post': async (base) => got.post(`${base}/echo`, { json: { a: 1 } }).json(),
  'got redirect': async (base) => { const { url, body } = await got(`${base}/redirect/302`); return [new URL(url).pathname, JSON.parse(body).method] },
  'got stream': async (base) => drip(base, got.stream(`${base}/drip`)),
  'got upload': (base) => new Promise((resolve, reject) => {
    const upload = got.stream.post(`${base}/length`)
    let text = ''
    upload.on('data', (chunk) => { text += chunk }).on('end', () => resolve(text)).on('error', reject)
    Readable.from(['one', 'two']).pipe(upload)
  }),
  'got status': (base) => got(`${base}/status/404`, { retry: 0 }),
  'got retries': async (base) => (await got(`${base}/flaky?who=got`, { retry: { limit: 1, calculateDelay: ({ computedValue }) => computedValue && 10 } })).body,
  'got timeout': (base) => got(`${base}/slow`, { timeout: 200, retry: 0 }),
  'got nobody there': () => got('https://service.test:4/', { retry: 0 }),

  // superagent, request, ky
  'superagent get': async (base) => (await superagent.get(`${base}/echo`).query({ a: 1 })).body,
  'superagent post': async (base) => (await superagent.post(`${base}/echo`).send({ a: 1 }).set('X-Own', 'x')).body,
  'superagent form': async (base) => (await superagent.post(`${base}/form`).field('a', 'b').attach('file', Buffer.from('content'), 'a.txt')).body,
  'superagent redirect': async (base) => (await superagent.get(`${base}/redirect/302`)).body.method,
  'superagent status': (base) => superagent.get(`${base}/status/500`),
  'superagent timeout': (base) => superagent.get(`${base}/slow`).timeout({ response: 100 }),
  'superagent nobody there': () => superagent.get('https://service.test:4/'),
  'request get': (base) => new Promise((resolve, reject) => request({ url: `${base}/echo`, json: true, qs: { a: 1 } }, (error, res, body) => (error ? reject(error) : resolve([res.statusCode, body])))),
  'request post': (base) => new Promise((resolve, reject) => request.post({ url: `${base}/echo`, json: { a: 1 } }, (error, res, body) => (error ? reject(error) : resolve(body)))),
  'request form': (base) => new Promise((resolve, reject) => request.post({ url: `${base}/form`, formData: { a: 'b', file: { value: Buffer.from('content'), options: { filename: 'a.txt' } } } }, (error, res, body) => (error ? reject(error) : resolve(JSON.parse(body))))),
  'request pipe': (base) => new Promise((resolve, reject) => {
    let text = ''
    Readable.from(['one', 'two']).pipe(request.post(`${base}/length`)).on('data', (chunk) => { text += chunk }).on('end', () => resolve(text)).on('error', reject)
  }),
  'request gzip': (base) => new Promise((resolve, reject) => request({ url: `${base}/gzip`, gzip: true }, (error, res, body) => (error ? reject(error) : resolve(body)))),
  'request timeout': (base) => new Promise((resolve, reject) => request({ url: `${base}/slow`, timeout: 100 }, (error) => reject(error))),
  'request nobody there': () => new Promise((resolve, reject) => request('https://service.test:4/', (error) => reject(error))),
  'form-data submit': (base) => new Promise((resolve, reject) => {
    const form = new FormData()
    form.append('a', 'b')
    fs.writeFileSync('/tmp/clients-upload.txt', 'from a file')
    form.append('file', fs.createReadStream('/tmp/clients-upload.txt'))
    form.submit(`${base}/form`, (error, res) => {
      if (error) return reject(error)
      let text = ''
      res.on('data', (chunk) => { text += chunk }).on('end', () => resolve(JSON.parse(text)))
    })
  }),
  'ky get': async (base) => (await import('ky')).default.get(`${base}/echo`).json(),
  'ky post': async (base) => (await import('ky')).default.post(`${base}/echo`, { json: { a: 1 } }).json(),
  'ky retries': async (base) => (await import('ky')).default.get(`${base}/flaky?who=ky`, { retry: { limit: 1, delay: () => 10 } }).text(),
  'ky timeout': async (base) => (await import('ky')).default.get(`${base}/slow`, { timeout: 100, retry: 0 }),
})
