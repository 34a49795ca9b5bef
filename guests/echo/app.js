// A WhatsApp bot that repeats what it is told.

const crypto = require('node:crypto')
const express = require('express')

const { APP_SECRET, PHONE_NUMBER_ID, PORT = 3000, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const GRAPH_API_URL = process.env.GRAPH_API_URL ?? 'https://graph.facebook.com'

const app = express()
app.use(express.json({ verify: checkSignature }))

app.get('/webhook', (req, res) => {
  const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = req.query
  if (mode !== 'subscribe' || token !== VERIFY_TOKEN) return res.sendStatus(403)
  res.type('text/plain').send(challenge)
})

app.post('/webhook', async (req, res) => {
  for (const message of messagesIn(req.body)) {
    if (message.type === 'text') await sendText(message.from, `You said: ${message.text.body}`)
  }
  res.sendStatus(200)
})

app.listen(PORT, () => console.log(`echo listens on port ${PORT}`))

// Meta signs the bytes it sends; without APP_SECRET (on a laptop) anybody is believed.
function checkSignature(req, _res, body) {
  if (!APP_SECRET) return
  const signature = req.get('x-hub-signature-256') ?? ''
  const expected = `sha256=${crypto.createHmac('sha256', APP_SECRET).update(body).digest('hex')}`
  const given = Buffer.from(signature)
  if (given.length === expected.length && crypto.timingSafeEqual(given, Buffer.from(expected))) return
  throw Object.assign(new Error('the webhook signature is missing or wrong'), { status: 401 })
}

function messagesIn({ entry = [] }) {
  const changes = entry.flatMap((item) => item.changes ?? [])
  return changes.flatMap((change) => change.value?.messages ?? [])
}

async function sendText(to, body) {
  const response = await fetch(`${GRAPH_API_URL}/v25.0/${PHONE_NUMBER_ID}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body } }),
  })
  if (!response.ok) throw new Error(`Meta refused the message: ${await response.text()}`)
}
