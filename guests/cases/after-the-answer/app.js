// Work that goes on after the answer to Meta, in forms that people write it. Node: six messages, in this order.
const express = require('express'), app = express().use(express.json()), { setTimeout: sleep } = require('timers/promises')
const { EventEmitter } = require('events'), bus = new EventEmitter()
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === process.env.VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
const send = (to, body) => fetch(`https://graph.facebook.com/v25.0/${process.env.PHONE_NUMBER_ID}/messages`, {
  method: 'POST',
  headers: { Authorization: `Bearer ${process.env.WHATSAPP_TOKEN}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ messaging_product: 'whatsapp', to, text: { body } }),
})
bus.on('order', async (from) => { await sleep(2800); await send(from, '5 by an emitter') })
app.post('/webhook', (req, res) => {
  res.sendStatus(200)
  for (const { from } of req.body.entry[0].changes[0].value.messages ?? []) {
    setImmediate(() => send(from, '1 by setImmediate'))
    setTimeout(() => send(from, '2 by a timer'), 700).unref()
    sleep(1300).then(() => sleep(100)).then(() => send(from, '3 by promises'))
    let n = 0
    const poll = setInterval(() => { if (++n === 7) { clearInterval(poll); send(from, '4 by an interval') } }, 300).unref()
    bus.emit('order', from)
    new Promise((resolve) => { const stream = require('stream').Readable.from([1, 2, 3]); stream.on('data', () => {}).on('end', resolve) }).then(() => sleep(3500)).then(() => send(from, '6 by a stream'))
  }
})
app.listen(process.env.PORT || 3000)
