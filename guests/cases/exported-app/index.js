// An app that is exported and listens only outside of production, as for Vercel. Node: `require` gives it; here the start file listens by itself.
const express = require('express'), app = express().use(express.json())
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === process.env.VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${process.env.PHONE_NUMBER_ID}/messages`, {
  method: 'POST',
  headers: { Authorization: `Bearer ${process.env.WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }),
})
app.get('/', (req, res) => res.send('exported'))
app.post('/webhook', async (req, res) => {
  for (const { from } of req.body.entry[0].changes[0].value.messages ?? []) await send(from, 'from an exported app')
  res.sendStatus(200)
})
if (process.env.NODE_ENV !== 'production') app.listen(3000)
module.exports = app
