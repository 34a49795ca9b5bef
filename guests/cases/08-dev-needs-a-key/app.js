// Ends at once without a key that its author has in `.env`. Node (`--env-file=.env`): it starts.
if (!process.env.API_KEY) throw new Error('API_KEY is missing')
require('http').createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  res.end(url.pathname === '/' ? process.env.API_KEY : url.searchParams.get('hub.challenge') ?? 'x')
}).listen(3000)
