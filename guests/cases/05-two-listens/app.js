// One POST route and two `listen`s, as with a metrics port. Node: the route answers.
const express = require('express')
const app = express()
app.listen(process.env.PORT)
app.post('/incoming', (req, res) => res.sendStatus(200))
app.get('/', (req, res) => res.send('two'))
app.listen()
