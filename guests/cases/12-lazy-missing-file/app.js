// Requires a file that is not there, on a path that nobody takes. Node: starts and answers.
require('http').createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  if (url.pathname === '/admin') {
    try { return res.end(require('./admin-page').html) } catch (error) { return res.end(error.code) }
  }
  res.end(url.searchParams.get('hub.challenge') ?? 'hi')
}).listen(3000)
