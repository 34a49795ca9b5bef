const session = require('express-session')
const express = require('express')
const { serve } = require('../checks')

const app = express()
app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false, name: 'sid', genid: () => 'fixed', cookie: { maxAge: null, sameSite: 'lax' } }))
app.get('/count', (req, res) => { req.session.n = (req.session.n ?? 0) + 1; res.json({ n: req.session.n, id: req.sessionID }) })
app.get('/look', (req, res) => res.json({ keys: Object.keys(req.session), cookie: req.session.cookie.originalMaxAge }))
app.get('/end', (req, res) => { req.session.n = 1; req.session.destroy((error) => res.json({ error, session: typeof req.session })) })
serve({
  app,
  requests: { first: { path: '/count' }, untouched: { path: '/look' }, destroyed: { path: '/end' }, unknown: { path: '/look', headers: { cookie: 'sid=s%3Anobody.bad' } } },
})
