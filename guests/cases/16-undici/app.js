// Needs globals that a Node of this version has: WebAssembly and others. Node: it loads.
const { request, Agent, FormData, Headers } = require('undici')
require('http').createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  const is = { request: typeof request, agent: typeof new Agent().close, headers: [...new Headers({ a: '1' })], form: typeof new FormData().append }
  res.end(url.pathname === '/' ? JSON.stringify(is) : url.searchParams.get('hub.challenge') ?? 'x')
}).listen(3000)
