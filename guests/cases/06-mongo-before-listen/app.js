// Listens when MongoDB is there, as most Mongo bots do. Node: it waits for the database; without one it says so and ends.
const express = require('express')
const mongoose = require('mongoose')
const app = express()
app.get('/webhook', (req, res) => res.send(req.query['hub.challenge']))
app.post('/webhook', (req, res) => res.sendStatus(200))
mongoose.connect(process.env.MONGO_URI || 'mongodb://127.0.0.1/x')
  .then(() => app.listen(process.env.PORT || 3000))
  .catch((error) => console.error('no database:', error.message))
