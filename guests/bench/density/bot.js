// The bot of the density bench: counts a customer's visits in its table, and answers in its project's words.
//
// The bench puts beside it `project.js`, another one for each project, and in `test/` Express with what it needs,
// because a bench has no registry. `pg` is the runtime's own.
const { Pool } = require('pg')
const express = require('./test/express')
const project = require('./project')

const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
const db = new Pool()
const app = express().use(express.json())

app.get('/webhook', ({ query }, res) =>
  query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403))

app.post('/webhook', async (req, res) => {
  for (const { from, text } of req.body.entry[0].changes[0].value.messages ?? []) await answer(from, text.body)
  res.sendStatus(200)
})

app.get('/menu', (req, res) => res.json(project.menu))
for (const [name, price] of Object.entries(project.prices)) {
  app.get(`/prices/${name}`, ({ query }, res) => res.json({ price: price(Number(query.count ?? 1)) }))
}

// `hold 5000 …` is answered, and waits 5 s: an instance that lives, with neither a connection nor a request.
async function answer(from, text) {
  const [word, ms] = text.split(' ')
  if (word !== 'hold') return send(from, `${text} | ${project.word} | visit ${await visits(from)}`)
  await send(from, `${text} | ${project.word} | held`)
  await new Promise((resolve) => setTimeout(resolve, Number(ms)))
}

async function visits(phone) {
  const { rows } = await db.query(
    `insert into visitor (phone, visits) values ($1, 1)
     on conflict (phone) do update set visits = visitor.visits + 1 returning visits`,
    [phone],
  )
  return rows[0].visits
}

async function send(to, body) {
  const response = await fetch(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body } }),
  })
  if (!response.ok) throw new Error(`Meta refused the message: ${await response.text()}`)
}

db.query('create table if not exists visitor (phone text primary key, visits integer not null)').then(() => app.listen(PORT))
