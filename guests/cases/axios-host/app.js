// Answers with axios, as most WhatsApp bots do. Node: "Hello, hi".
const express = require('express')
const axios = require('axios')
const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const app = express().use(express.json())
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
app.post('/webhook', async (req, res) => {
  for (const { from, text } of req.body.entry[0].changes[0].value.messages ?? []) {
    await axios.post(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`,
      { messaging_product: 'whatsapp', to: from, text: { body: `Hello, ${text?.body}` } },
      { headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}` } })
  }
  res.sendStatus(200)
})
app.listen(PORT)
