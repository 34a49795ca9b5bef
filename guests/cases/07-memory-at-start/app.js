// Megabytes of plain functions, which `node make.cjs 8` writes. Node: they are all there.
const big = require('./big')
require('http').createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  res.end(url.pathname === '/' ? `${Object.keys(big).length} functions, ${big.f7(1)}` : url.searchParams.get('hub.challenge') ?? 'x')
}).listen(3000)
