// Sends two messages, and fails now and then before, between and after them.

const express = require('express')
const { whatsapp } = require('roost')

const app = express()
app.use(express.json())

app.post('/webhook', async (req, res) => {
  const [message] = req.body.entry[0].changes[0].value.messages ?? []
  if (!message) return res.sendStatus(200)
  stumble(0.05)
  await whatsapp.sendText(message.from, `${message.id}|0`)
  stumble(0.05)
  await whatsapp.sendText(message.from, `${message.id}|1`)
  res.sendStatus(Math.random() < 0.05 ? 503 : 200)
})

function stumble(probability) {
  if (Math.random() < probability) throw new Error('stumbled')
}

app.listen(process.env.PORT)
