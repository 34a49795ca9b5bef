// Polls until a job is done, with setInterval inside a promise, and answers Meta after it. Node: "ready" after half a second.
const express = require('express')
const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const app = express().use(express.json())
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
const poll = (check, ms) => new Promise((resolve) => {
  const timer = setInterval(async () => { const value = await check(); if (value) { clearInterval(timer); resolve(value) } }, ms)
})
app.post('/webhook', async (req, res) => {
  for (const { from } of req.body.entry[0].changes[0].value.messages ?? []) {
    const started = Date.now()
    const result = await poll(async () => Date.now() - started > 500 && 'ready', 100)
    await fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, { method: 'POST', headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ messaging_product: 'whatsapp', to: from, text: { body: result } }) })
  }
  res.sendStatus(200)
})
app.get('/poll', async (req, res) => { const s = Date.now(); res.json(await poll(async () => Date.now() - s > 300 && 'ready', 100)) })
app.listen(PORT || 3000)
