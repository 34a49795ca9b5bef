// What the bots of this folder have in common: the routes by which a test makes them call a service, and the webhook.
const express = require('express')
const axios = require('axios')

/** What is told of an error: the same on Node and on Roost. */
const failure = (error) => ({ name: error.name, code: error.code ?? error.cause?.code ?? error.type, status: error.response?.status ?? error.status ?? error.statusCode })

/** Who writes an address is told what is there. */
async function reply(text) {
  if (!/^https:/.test(text)) return `You said: ${text}`
  const { status, data } = await axios.post(text, { asked: true })
  return `${status} ${data.method} ${data.url} ${data.body}`
}

/** Serves `checks`: each is called with the address of the service, and what it gives, or how it fails, is the answer. */
module.exports = function serve(checks) {
  const { PHONE_NUMBER_ID, PORT, VERIFY_TOKEN, WHATSAPP_TOKEN } = process.env
  const app = express().use(express.json())

  app.get('/webhook', ({ query }, res) =>
    query['hub.verify_token'] === VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403))

  app.post('/webhook', async (req, res) => {
    for (const { from, text } of req.body.entry[0].changes[0].value.messages ?? []) {
      await axios.post(`https://graph.facebook.com/v25.0/${PHONE_NUMBER_ID}/messages`,
        { messaging_product: 'whatsapp', to: from, text: { body: await reply(text?.body) } },
        { headers: { Authorization: `Bearer ${WHATSAPP_TOKEN}` } })
    }
    res.sendStatus(200)
  })

  app.get('/checks', (req, res) => res.json(Object.keys(checks)))

  app.get('/checks/:name', async (req, res) => {
    try {
      res.json({ gives: await checks[req.params.name](req.query.base) })
    } catch (error) {
      res.json({ fails: failure(error) })
    }
  })

  app.listen(PORT)
}

module.exports.failure = failure
