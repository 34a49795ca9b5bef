// A page behind `compression`, for browsers that take Brotli. Node: the page, encoded as the browser would have it best.
const express = require('express'), compression = require('compression')
const app = express()
app.get('/webhook', (q, s) => s.send(q.query['hub.challenge']))
app.use(compression())
app.get('/', (q, s) => s.send('<h1>' + 'x'.repeat(3000) + '</h1>'))
app.listen(process.env.PORT)
