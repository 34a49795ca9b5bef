// An ES module that requires a package and a file of its own. Node: "1m".
import express from 'express'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url), app = express()
app.get('/', (q, s) => s.send(require('ms')(60000)))
app.get('/webhook', (q, s) => (q.query['hub.verify_token'] === process.env.VERIFY_TOKEN ? s.send(q.query['hub.challenge']) : s.sendStatus(403)))
app.post('/webhook', (q, s) => s.sendStatus(200))
app.listen(process.env.PORT || 3000)
