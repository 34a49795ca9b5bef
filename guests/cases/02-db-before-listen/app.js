// Connects to Postgres first and listens when that is done, as most tutorials do. Node: it listens, and counts.
const express = require('express')
const { Pool } = require('pg')
const app = express()
const pool = new Pool({ connectionString: process.env.DATABASE_URL })
app.get('/webhook', (req, res) => res.send(req.query['hub.challenge']))
app.post('/webhook', (req, res) => res.sendStatus(200))
app.get('/', async (req, res) => res.json((await pool.query('select count(*)::int as n from visits')).rows))
pool.query('create table if not exists visits (at timestamptz)').then(() => app.listen(process.env.PORT || 3000))
