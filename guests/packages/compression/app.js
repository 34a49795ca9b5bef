const compression = require('compression')
const express = require('express')
const { serve } = require('../checks')

const app = express()
app.use('/app', compression({ threshold: 100 }))
app.get('/app/page', (req, res) => res.send(`<h1>${'x'.repeat(3000)}</h1>`))
app.get('/app/json', (req, res) => res.json(Array.from({ length: 300 }, (_, n) => ({ n, name: `nome ${n}` }))))
app.get('/app/short', (req, res) => res.send('short'))
app.get('/app/image', (req, res) => res.type('png').send(Buffer.alloc(2000)))
app.get('/app/pieces', (req, res) => {
  res.type('text')
  for (let n = 0; n < 50; n++) res.write(`piece ${n} `.repeat(10))
  res.flush()
  setTimeout(() => res.end('the end'), 20)
})
app.get('/app/kept', (req, res) => res.set('cache-control', 'no-transform').send('x'.repeat(3000)))
const as = (path, encodings) => ({ path: `/app${path}`, headers: { 'accept-encoding': encodings } })
serve({
  app,
  requests: {
    gzip: as('/page', 'gzip'),
    deflate: as('/page', 'deflate'),
    browser: as('/page', 'gzip, deflate, br'),
    onlyBrotli: as('/json', 'br'),
    pieces: as('/pieces', 'gzip'),
    piecesBrotli: as('/pieces', 'br;q=1, gzip;q=0.5'),
    short: as('/short', 'gzip'),
    image: as('/image', 'gzip'),
    identity: as('/page', 'identity'),
    noTransform: as('/kept', 'gzip'),
    head: { ...as('/page', 'gzip'), method: 'HEAD' },
  },
})
