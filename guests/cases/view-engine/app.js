// Express 5 loads a view engine by the text of a setting. Node: "Hello Ana".
const express = require('express'), app = express()
app.set('view engine', 'ejs').set('views', __dirname + '/views')
app.get('/', (q, s) => s.render('index', { name: 'Ana' }))
app.get('/webhook', (q, s) => (q.query['hub.verify_token'] === process.env.VERIFY_TOKEN ? s.send(q.query['hub.challenge']) : s.sendStatus(403)))
app.post('/webhook', (q, s) => s.sendStatus(200))
app.listen(process.env.PORT || 3000)
