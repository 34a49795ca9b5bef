// An answer that is begun and whose work fails: a client must see that it is not whole. Node: the connection breaks off.
const http = require('http')
http.createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname === '/destroyed') { res.writeHead(200, { 'content-type': 'text/plain' }); res.write('half'); return setTimeout(() => res.destroy(), 30) }
  if (url.pathname === '/short') { res.writeHead(200, { 'content-length': 100 }); res.write('half'); return setTimeout(() => res.socket.destroy(), 30) }
  if (url.pathname === '/whole') { res.write('one '); return setTimeout(() => res.end('two'), 30) }
  res.end(url.searchParams.get('hub.challenge') ?? 'x')
}).listen(process.env.PORT || 3000)
