// Answers Meta at once, then sends six messages, two each 300 ms, as against Meta's rate limit. Node: six messages, in order.
const express = require('express'), { default: PQueue } = require('p-queue')
const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const app = express().use(express.json()), queue = new PQueue({ intervalCap: 2, interval: 300 })
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, { method: 'POST', headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }) })
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
app.post('/webhook', (req, res) => {
  res.sendStatus(200)
  for (const { from } of req.body.entry[0].changes[0].value.messages ?? []) for (let n = 1; n <= 6; n++) queue.add(() => send(from, `message ${n}`))
})
app.listen(PORT)
