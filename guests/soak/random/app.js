// Decides by chance what to say and in which order, and fails by chance after it: each retry takes another path.

const express = require('express')
const { whatsapp } = require('roost')

const app = express()
app.use(express.json())

app.post('/webhook', async (req, res) => {
  const [message] = req.body.entry[0].changes[0].value.messages ?? []
  if (!message) return res.sendStatus(200)
  const always = Math.random() < 0.5 ? ['a', 'b'] : ['b', 'a']
  const chosen = `r${Math.floor(Math.random() * 4)}`
  for (const text of [...always, chosen]) {
    await whatsapp.sendText(message.from, `${message.id}|${text}`)
    if (Math.random() < 0.05) throw new Error('another path, please')
  }
  res.sendStatus(200)
})

app.listen(process.env.PORT)
