// Express requires the view engine by its name at run time, which stands nowhere in the code. Node: the page.
const express = require('express')
const app = express()
app.set('views', __dirname + '/views')
app.set('view engine', 'ejs')
app.get('/', (req, res) => res.render('page', { title: 'hello' }))
app.get('/webhook', (req, res) => res.send(req.query['hub.challenge']))
app.post('/webhook', (req, res) => res.sendStatus(200))
app.listen(process.env.PORT)
