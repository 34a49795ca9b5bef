// pnpm-lock.yaml pins ms 2.0.0 for the range ^2.0.0. Node, after `pnpm install --frozen-lockfile`: 2.0.0.
const express = require('express'); const app = express()
app.get('/', (q, s) => s.send(require('ms/package.json').version))
app.get('/webhook', (q, s) => (q.query['hub.verify_token'] === process.env.VERIFY_TOKEN ? s.send(q.query['hub.challenge']) : s.sendStatus(403)))
app.post('/webhook', (q, s) => s.sendStatus(200))
app.listen(process.env.PORT || 3000)
