const { serve } = require('../checks')

let ready
const app = async (req, res) => (await (ready ??= made()))(req, res)
async function made() {
  const [{ Hono }, { getRequestListener }, { cors }, { basicAuth }, { streamSSE }, { setCookie }] = await Promise.all([import('hono'), import('@hono/node-server'), import('hono/cors'), import('hono/basic-auth'), import('hono/streaming'), import('hono/cookie')])
  const hono = new Hono()
  hono.use('/api/*', cors())
  hono.use('/secret', basicAuth({ username: 'ana', password: 'pw' }))
  hono.get('/text', (context) => context.text('olá'))
  hono.get('/json/:id', (context) => context.json({ id: context.req.param('id'), q: context.req.queries('a') }))
  hono.post('/post', async (context) => context.json(await context.req.json(), 201))
  hono.post('/form', async (context) => { const { a, file } = await context.req.parseBody(); return context.json({ a, file: file && [file.name, await file.text()] }) })
  hono.get('/api/x', (context) => context.html('<p>x</p>'))
  hono.get('/secret', (context) => context.text('in'))
  hono.get('/sse', (context) => streamSSE(context, async (stream) => { for (let n = 0; n < 3; n++) { await stream.writeSSE({ data: `${n}`, event: 'tick' }); await stream.sleep(5) } }))
  hono.get('/cookie', (context) => { setCookie(context, 'a', '1', { httpOnly: true }); return context.redirect('/text') })
  hono.get('/throws', () => { throw new Error('no') })
  hono.onError((error, context) => context.text(`failed: ${error.message}`, 500))
  return getRequestListener(hono.fetch)
}
serve({
  app,
  requests: {
    text: { path: '/text' },
    json: { path: '/json/7?a=1&a=2' },
    post: { method: 'POST', path: '/post', headers: { 'content-type': 'application/json' }, body: '{"a":"ç"}' },
    form: { method: 'POST', path: '/form', headers: { 'content-type': 'multipart/form-data; boundary=B' }, body: '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\ncontent\r\n--B--\r\n' },
    cors: { path: '/api/x', headers: { origin: 'https://a.example' } },
    unauthorized: { path: '/secret' },
    authorized: { path: '/secret', headers: { authorization: 'Basic YW5hOnB3' } },
    sse: { path: '/sse' },
    cookie: { path: '/cookie' },
    throws: { path: '/throws' },
    notFound: { path: '/none' },
    head: { method: 'HEAD', path: '/text' },
  },
})
