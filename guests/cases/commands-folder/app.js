// Commands are files of a folder, found by reading it and loaded by name. Node: each command answers.
const express = require('express'), fs = require('fs'), path = require('path')
const commands = new Map()
for (const file of fs.readdirSync(path.join(__dirname, 'commands')).filter((file) => file.endsWith('.js'))) {
  const command = require(path.join(__dirname, 'commands', file))
  commands.set(command.name, command)
}
const app = express().use(express.json())
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === process.env.VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${process.env.PHONE_NUMBER_ID}/messages`, {
  method: 'POST',
  headers: { Authorization: `Bearer ${process.env.WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }),
})
app.get('/', (req, res) => res.json([...commands.keys()].sort()))
app.get('/source', (req, res) => res.type('text').send(fs.readFileSync(__filename, 'utf8').split('\n')[0]))
app.get('/by-name/:name', (req, res) => res.send(require(`./commands/${req.params.name}`).run('by name')))
app.post('/webhook', async (req, res) => {
  for (const { from, text } of req.body.entry[0].changes[0].value.messages ?? []) {
    const [word, ...rest] = text.body.split(' ')
    await send(from, commands.get(word)?.run(rest.join(' ')) ?? `no command ${word}`)
  }
  res.sendStatus(200)
})
app.listen(process.env.PORT || 3000)
