// Reads what the host knows under names of its author's choice, and insists on them. Node: as the .env says.
const express = require('express'), axios = require('axios'), app = express().use(express.json())
require('dotenv').config()
const { WEBHOOK_VERIFY_TOKEN, GRAPH_API_TOKEN, PHONE_ID, GREETING } = process.env
if (!GRAPH_API_TOKEN || !PHONE_ID) { console.error('GRAPH_API_TOKEN and PHONE_ID are needed'); process.exit(1) }
app.get('/webhook', ({ query }, res) => (query['hub.mode'] === 'subscribe' && query['hub.verify_token'] === WEBHOOK_VERIFY_TOKEN ? res.status(200).send(query['hub.challenge']) : res.sendStatus(403)))
app.post('/webhook', async (req, res) => {
  const message = req.body.entry?.[0]?.changes?.[0]?.value?.messages?.[0]
  if (message) await axios.post(`https://graph.facebook.com/v25.0/${PHONE_ID}/messages`, { messaging_product: 'whatsapp', to: message.from, text: { body: `${GREETING} ${message.text.body}` } }, { headers: { Authorization: `Bearer ${GRAPH_API_TOKEN}` } })
  res.sendStatus(200)
})
app.listen(process.env.PORT || 3000)
