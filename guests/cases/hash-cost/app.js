// What hashing costs: all of it together is 0.5 s on Node.
const express = require('express'), crypto = require('crypto'), app = express()
const b = (q) => Buffer.alloc(Number(q.query.n ?? 1e6), 7)
app.get('/hash/:a', (q, s) => s.end(crypto.createHash(q.params.a).update(b(q)).digest('hex')))
app.get('/hmac', (q, s) => s.end(crypto.createHmac('sha256', 'k').update(b(q)).digest('hex')))
app.get('/send', (q, s) => s.type('text').send('y'.repeat(Number(q.query.n))))          // res.send makes an ETag: SHA-1 of the body
app.get('/json', (q, s) => s.json({ rows: Array.from({ length: Number(q.query.n) }, (_, i) => ({ id: i, name: 'customer ' + i, at: '2026-11-29' })) }))
app.get('/plain', (q, s) => { s.type('text'); s.end('y'.repeat(Number(q.query.n))) })
app.get('/scrypt', (q, s) => s.end(crypto.scryptSync('password', 'salt', 64).toString('hex')))  // Node's defaults: N=16384, r=8
app.get('/pbkdf2', (q, s) => s.end(crypto.pbkdf2Sync('password', 'salt', Number(q.query.n), 32, 'sha256').toString('hex')))
app.get('/bcrypt', (q, s) => s.end(String(require('bcryptjs').compareSync('password', require('bcryptjs').hashSync('password', Number(q.query.n))))))
app.get('/base64', (q, s) => { b(q).toString('base64'); s.end('ok') })
app.get('/webhook', (q, s) => (q.query['hub.verify_token'] === process.env.VERIFY_TOKEN ? s.send(q.query['hub.challenge']) : s.sendStatus(403)))
app.post('/webhook', (q, s) => s.sendStatus(200))
app.listen(process.env.PORT || 3000)
