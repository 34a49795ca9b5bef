// A bundle of more than 20 MB. Node: the client is there.
const { google } = require('googleapis')
require('http').createServer((req, res) => {
  const url = new URL(req.url, 'http://x')
  res.end(url.pathname === '/' ? typeof google.sheets({ version: 'v4', auth: 'key' }).spreadsheets.get : url.searchParams.get('hub.challenge') ?? 'x')
}).listen(3000)
