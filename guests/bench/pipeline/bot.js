// The bot of the pipeline bench: counts a customer's visits in its table, and answers.
const express = require('express')
const { Pool } = require('pg')
const { answer, schema } = require('./answer')

const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const db = new Pool()
const app = express().use(express.json())

app.get('/webhook', ({ query }, res) =>
  query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403))

app.post('/webhook', async (req, res) => {
  for (const message of req.body.entry[0].changes[0].value.messages ?? []) await answer(db, message, send)
  res.sendStatus(200)
})

async function send(to, body) {
  const response = await fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body } }),
  })
  if (!response.ok) throw new Error(`Meta refused the message: ${await response.text()}`)
}

db.query(schema).then(() => app.listen(PORT))
