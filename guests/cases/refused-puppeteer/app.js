// Makes a PDF with a browser of its own. To be refused by its name at the build, once, with what to use instead.
const express = require('express'), it = require('puppeteer')
const app = express()
app.get('/webhook', ({ query }, res) => (query['hub.verify_token'] === process.env.VERIFY_TOKEN ? res.send(query['hub.challenge']) : res.sendStatus(403)))
app.post('/webhook', (req, res) => res.send(typeof it))
app.listen(process.env.PORT)
