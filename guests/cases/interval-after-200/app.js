// Answers Meta at once, and polls until a job is ready, as with an AI's run. Node: "ready after 3 polls".
const express = require('express')
const app = express().use(express.json())
app.get('/webhook', (q, s) => s.send(q.query['hub.challenge']))
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${process.env.PHONE_NUMBER_ID}/messages`, { method: 'POST', headers: { Authorization: 'Bearer ' + process.env.WHATSAPP_TOKEN, 'content-type': 'application/json' }, body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }) })
app.post('/webhook', (req, res) => {
  res.sendStatus(200)                       // answer Meta at once, work after it
  const m = req.body.entry[0].changes[0].value.messages?.[0]
  if (!m) return
  let n = 0
  const iv = setInterval(async () => {      // poll until a job is ready, as with OpenAI runs
    if (++n < 3) return
    clearInterval(iv)
    await send(m.from, 'ready after ' + n + ' polls')
  }, 500)
})
app.listen(process.env.PORT)
