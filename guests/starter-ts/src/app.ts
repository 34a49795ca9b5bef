// Starts the bot: its tables first, then its web server.

import express from 'express'
import { checkSignature } from './signature.ts'
import { initDb } from './store.ts'
import { webhook } from './webhook.ts'

const { PORT = '3000' } = process.env

const app = express()
app.use(express.json({ verify: checkSignature }))
app.use('/webhook', webhook)
app.get('/', (_req, res) => {
  res.send('The bot is running.')
})

initDb()
  .then(() => app.listen(Number(PORT), () => console.log(`the bot listens on port ${PORT}`)))
  .catch((error: unknown) => {
    console.error('the bot could not create its tables:', error)
    process.exit(1)
  })
