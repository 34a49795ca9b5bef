// The bot of `../express`, with what a careful one does beside: it verifies Meta's signature, checks a token, and its answer has an ETag.
const { createHmac, createHash, timingSafeEqual } = require('node:crypto')
const express = require('express')

const { APP_SECRET, VERIFY_TOKEN, PORT } = process.env
const digestOf = (text) => createHash('sha256').update(text).digest()
const same = (one, other) => one.length === other.length && timingSafeEqual(one, other)

const app = express()
app.use(express.json({
  verify(req, res, body) {
    const wanted = `sha256=${createHmac('sha256', APP_SECRET).update(body).digest('hex')}`
    if (!same(Buffer.from(wanted), Buffer.from(req.get('x-hub-signature-256') ?? ''))) throw new Error('not signed by Meta')
  },
}))

const webhook = express.Router()
webhook.get('/', (req, res) => {
  if (!same(digestOf(`${req.query['hub.verify_token']}`), digestOf(VERIFY_TOKEN))) return res.sendStatus(403)
  res.send(req.query['hub.challenge'])
})
webhook.post('/', async (req, res) => {
  if (!same(digestOf(req.get('x-token') ?? ''), digestOf(VERIFY_TOKEN))) return res.sendStatus(401)
  for (const entry of req.body.entry) {
    for (const change of entry.changes) {
      for (const message of change.value.messages ?? []) app.locals.last = message.text.body
    }
  }
  res.send('OK')
})
app.use('/webhook', webhook)

app.listen(PORT)
