// Keeps each message in a table of its own, and answers twice with the typed functions.

const express = require('express')
const { Pool } = require('pg')
const { whatsapp } = require('roost')

const pool = new Pool()
const app = express()
app.use(express.json())

app.post('/webhook', async (req, res) => {
  const [message] = req.body.entry[0].changes[0].value.messages ?? []
  if (message) {
    await pool.query('insert into seen (id) values ($1) on conflict do nothing', [message.id])
    for (const n of [0, 1]) await whatsapp.sendText(message.from, `${message.id}|${n}`)
  }
  res.sendStatus(200)
})

pool.query('create table if not exists seen (id text primary key)').then(() => app.listen(process.env.PORT))
