// A usual Express webhook: JSON body, a router, the handshake, an answer.
const express = require('express')

const app = express()
app.use(express.json())

const webhook = express.Router()
webhook.get('/', (req, res) => {
  if (req.query['hub.verify_token'] !== process.env.VERIFY_TOKEN) return res.sendStatus(403)
  res.send(req.query['hub.challenge'])
})
webhook.post('/', async (req, res) => {
  for (const entry of req.body.entry) {
    for (const change of entry.changes) {
      for (const message of change.value.messages ?? []) app.locals.last = message.text.body
    }
  }
  res.sendStatus(200)
})
app.use('/webhook', webhook)

app.listen(process.env.PORT)
