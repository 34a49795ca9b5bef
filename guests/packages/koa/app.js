const Koa = require('koa')
const { serve } = require('../checks')

const app = new Koa()
app.silent = true
app.use(async (context, next) => { context.set('x-order', 'first'); await next(); context.append('vary', 'x') })
app.use(async (context) => {
  const { path, query, request } = context
  if (path === '/json') context.body = { query, type: request.type, ip: typeof context.ip }
  else if (path === '/text') context.body = 'olá'
  else if (path === '/stream') context.body = require('node:stream').Readable.from(['a', 'b'])
  else if (path === '/redirect') context.redirect('/json')
  else if (path === '/throw') context.throw(422, 'no')
  else if (path === '/cookie') { context.cookies.set('a', '1', { httpOnly: false }); context.body = context.cookies.get('b') ?? 'none' }
  else if (path === '/post') { let text = ''; for await (const part of context.req) text += part; context.status = 201; context.body = text }
})
serve({
  app: app.callback(),
  requests: Object.fromEntries([
    ...['json?a=1&a=2', 'text', 'stream', 'redirect', 'throw', 'nothing'].map((path) => [path.split('?')[0], { path: `/${path}`, show: ['x-order'] }]),
    ['cookie', { path: '/cookie', headers: { cookie: 'b=2' } }],
    ['post', { method: 'POST', path: '/post', body: 'content' }],
  ]),
})
