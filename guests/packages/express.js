// The same app for both versions of Express that bots use.

const path = require('node:path')

module.exports = (express, serve) => {
  const app = express()
  app.set('trust proxy', 1)
  app.use('/app', express.json({ limit: '1kb' }), express.urlencoded({ extended: true }), express.text(), express.raw())
  app.get('/app/hello/:name', (req, res) => res.send(`hello ${req.params.name} ${JSON.stringify(req.query)}`))
  app.post('/app/body', (req, res) => res.json({ body: Buffer.isBuffer(req.body) ? req.body.toString('hex') : req.body, type: req.get('content-type') }))
  app.get('/app/json', (req, res) => res.status(201).set('X-Test', 'a').json({ a: [1, { b: null }], c: 'ç' }))
  app.get('/app/redirect', (req, res) => res.redirect(301, '/app/json?x=1'))
  app.get('/app/cookie', (req, res) => res.cookie('id', 'a b', { httpOnly: true, maxAge: 0, sameSite: 'lax' }).clearCookie('old').end())
  app.get('/app/format', (req, res) => res.format({ text: () => res.send('text'), html: () => res.send('<p>'), json: () => res.send({ j: 1 }) }))
  app.get('/app/file', (req, res) => res.sendFile(path.resolve('assets/page.html'), { lastModified: false, etag: false, headers: { 'x-file': '1' } }))
  app.get('/app/attachment', (req, res) => res.attachment('olá.txt').type('txt').send('x'))
  app.get('/app/throws', () => { throw Object.assign(new Error('teapot'), { status: 418 }) })
  app.get('/app/rejects', async () => { throw new Error('late') })
  app.get('/app/pieces', (req, res) => { res.write('one '); setTimeout(() => { res.write('two '); res.end('three') }, 20) })
  app.get('/app/status', (req, res) => res.sendStatus(404))
  const router = express.Router({ mergeParams: true })
  router.param('item', (req, res, next, item) => { req.item = item.toUpperCase(); next() })
  router.route('/:item').get((req, res) => res.json([req.params, req.item, req.baseUrl, req.originalUrl])).delete((req, res) => res.status(204).end())
  app.use('/app/shop/:shop', router)
  app.use('/app/static', express.static(path.resolve('assets'), { etag: true, lastModified: false, index: 'page.html' }))
  app.use((error, req, res, next) => res.status(error.status ?? 500).json({ error: error.message, type: error.type }))
  const get = (path, headers) => ({ path: `/app${path}`, headers })
  const post = (type, body, headers) => ({ method: 'POST', path: '/app/body', headers: { 'content-type': type, ...headers }, body })
  serve({
    app,
    checks: {
      exports: () => [typeof express.Router, typeof express.static, Object.keys(express).sort()],
      settings: () => ['env', 'etag', 'query parser', 'subdomain offset', 'x-powered-by'].map((name) => app.get(name)),
    },
    requests: {
      params: get('/hello/Ana%20B?a[b]=1&c=2&c=3'),
      json: get('/json'),
      jsonBody: post('application/json', '{"a":{"b":[1,2]}}'),
      formBody: post('application/x-www-form-urlencoded', 'a%5Bb%5D=1&c=%C3%A7&d=1&d=2'),
      textBody: post('text/plain', 'olá'),
      rawBody: post('application/octet-stream', 'raw'),
      brokenBody: post('application/json', '{"a":'),
      longBody: post('application/json', JSON.stringify({ long: 'x'.repeat(2000) })),
      redirect: get('/redirect'),
      cookie: get('/cookie'),
      formatHtml: get('/format', { accept: 'text/html' }),
      formatNone: get('/format', { accept: 'image/png' }),
      file: get('/file'),
      fileRange: get('/file', { range: 'bytes=0-9' }),
      attachment: get('/attachment'),
      throws: get('/throws'),
      pieces: get('/pieces'),
      status: get('/status'),
      routerParams: get('/shop/7/tea'),
      routerMethod: { method: 'OPTIONS', path: '/app/shop/7/tea' },
      staticFile: get('/static/page.html'),
      staticIndex: get('/static/'),
      staticRedirect: get('/static'),
      staticNone: get('/static/none.html'),
      notFound: get('/nothing'),
      head: { method: 'HEAD', path: '/app/json' },
      fresh: get('/hello/x', { 'if-none-match': 'W/"a-aPr1ITTEUsGFdcsuZrSBLRcpUYA"' }),
    },
  })
}
