// Starts the bot: its tables first, then its web server.

const express = require('express')
const { initDb } = require('./services/dbServices')
const { checkSignature } = require('./services/signature')
const whatsappWebhook = require('./routes/whatsapp_webhook')

const { PORT = 3000 } = process.env

const app = express()
app.use(express.json({ verify: checkSignature }))
app.use('/webhook', whatsappWebhook)
app.get('/', (_req, res) => res.send('The bot is running.'))

initDb()
  .then(() => app.listen(PORT, () => console.log(`the bot listens on port ${PORT}`)))
  .catch((error) => {
    console.error('the bot could not create its tables:', error)
    process.exit(1)
  })
