// The same message by the clients that bots use. Node: one message by each.
const express = require('express'), https = require('https'), app = express().use(express.json())
const { PHONE_NUMBER_ID, WHATSAPP_TOKEN } = process.env
const url = `https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`, headers = { Authorization: `Bearer ${WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' }
const body = (to, text) => ({ messaging_product: 'whatsapp', to, type: 'text', text: { body: text } })
const clients = {
  axios: (data) => require('axios')({ method: 'POST', url, headers, data: JSON.stringify(data) }),
  instance: (data) => require('axios').create({ baseURL: 'https://graph.facebook.com/v25.0/', timeout: 10_000, headers }).post(`${PHONE_NUMBER_ID}/messages`, data),
  'node-fetch': (data) => require('node-fetch')(url, { method: 'POST', headers, body: JSON.stringify(data) }).then((answer) => answer.json()),
  superagent: (data) => require('superagent').post(url).set(headers).send(data),
  request: (data) => new Promise((done, fail) => require('request').post({ url, headers, json: data }, (error, response) => (error ? fail(error) : done(response)))),
  got: async (data) => (await import('got')).got.post(url, { json: data, headers }).json(),
  https: (data) => new Promise((done, fail) => { const call = https.request(url, { method: 'POST', headers }, (answer) => answer.resume().on('end', done)); call.on('error', fail); call.write(JSON.stringify(data)); call.end() }),
}
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === process.env.VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
app.post('/webhook', async (req, res) => {
  for (const { from } of req.body.entry[0].changes[0].value.messages ?? []) {
    for (const [name, post] of Object.entries(clients)) {
      try { await post(body(from, name)) } catch (error) { console.error(name, error.message) }
    }
  }
  res.sendStatus(200)
})
app.listen(process.env.PORT || 3000)
