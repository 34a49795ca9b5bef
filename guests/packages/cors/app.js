const cors = require('cors')
const express = require('express')
const { serve } = require('../checks')

const app = express()
app.all('/open', cors(), (req, res) => res.send('open'))
app.all('/some', cors({ origin: ['https://a.example', /\.b\.example$/], credentials: true, maxAge: 60, exposedHeaders: ['x-a'] }), (req, res) => res.send('some'))
app.all('/asked', cors((req, done) => done(null, { origin: req.get('origin') === 'https://c.example' })), (req, res) => res.send('asked'))
const of = (path, origin, method = 'GET') => ({ method, path, headers: { origin, ...(method === 'OPTIONS' ? { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-b' } : {}) } })
serve({
  app,
  requests: {
    open: of('/open', 'https://x.example'),
    preflight: of('/open', 'https://x.example', 'OPTIONS'),
    listed: of('/some', 'https://a.example'),
    matched: of('/some', 'https://shop.b.example', 'OPTIONS'),
    other: of('/some', 'https://x.example'),
    asked: of('/asked', 'https://c.example'),
  },
})
