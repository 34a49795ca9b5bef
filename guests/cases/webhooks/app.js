// Repeats what Meta said, whatever it was. Node: it is told of the system message.
const express = require('express')
const { PHONE_NUMBER_ID, PORT, WHATSAPP_TOKEN } = process.env
const app = express().use(express.json())
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === process.env.VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
app.post('/webhook', async (req, res) => {
  for (const { field, value } of req.body.entry.flatMap(({ changes }) => changes)) {
    for (const { from, type, [type]: content } of value.messages ?? []) {
      await fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ messaging_product: 'whatsapp', to: from, text: { body: `${field} ${type} ${JSON.stringify(content)}` } }),
      })
    }
  }
  res.sendStatus(200)
})
app.listen(PORT)
