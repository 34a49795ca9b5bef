// Waits two seconds for more, and answers a burst of messages once. Node: one answer, "a / b / c".
const express = require('express')
const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const app = express().use(express.json()), buffers = new Map()
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, { method: 'POST', headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }) })
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
app.post('/webhook', (req, res) => {
  res.sendStatus(200)
  for (const { from, text } of req.body.entry[0].changes[0].value.messages ?? []) {
    const b = buffers.get(from) ?? { texts: [] }
    buffers.set(from, b); b.texts.push(text?.body); clearTimeout(b.timer)
    b.timer = setTimeout(() => { buffers.delete(from); send(from, b.texts.join(' / ')) }, 2000)
  }
})
app.listen(PORT)
