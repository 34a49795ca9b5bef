// `ms` is a package of this workspace; npm's public `ms` is a function. Node: "the workspace package".
const express = require('express'); const app = express()
app.get('/', (q, s) => s.json({ ms: typeof require('ms') === 'function' ? 'npm public package' : require('ms') }))
app.get('/webhook', (q, s) => (q.query['hub.verify_token'] === process.env.VERIFY_TOKEN ? s.send(q.query['hub.challenge']) : s.sendStatus(403)))
app.post('/webhook', (q, s) => s.sendStatus(200))
app.listen(process.env.PORT || 3000)
