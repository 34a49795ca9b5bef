// Answers, and reminds the customer if they stay silent for ten minutes. Node: each message is answered at once, and the reminder comes.
const express = require('express')
const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const app = express().use(express.json())
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, { method: 'POST', headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }) })
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
const timers = new Map()
app.post('/webhook', async (req, res) => {
  res.sendStatus(200)
  for (const { from, text } of req.body.entry[0].changes[0].value.messages ?? []) {
    clearTimeout(timers.get(from))
    await send(from, `got ${text?.body}`)
    timers.set(from, setTimeout(() => send(from, 'are you still there?'), 10 * 60_000))
  }
})
app.listen(PORT)
