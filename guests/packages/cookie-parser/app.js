const cookieParser = require('cookie-parser')
const express = require('express')
const { serve } = require('../checks')

const app = express()
app.use(cookieParser('a secret'))
app.get('/set', (req, res) => res.cookie('who', 'Ana', { signed: true }).cookie('cart', { tea: 2 }).end())
app.get('/read', (req, res) => res.json({ plain: req.cookies, signed: req.signedCookies }))
serve({
  app,
  checks: { signed: () => [cookieParser.signedCookie('s:x.bad', 'k'), cookieParser.JSONCookie('j:{"a":1}'), cookieParser.JSONCookie('plain')] },
  requests: {
    set: { path: '/set' },
    read: { path: '/read', headers: { cookie: 'a=1; b=%20x; cart=j%3A%7B%22tea%22%3A2%7D; who=s%3AAna.bad' } },
    none: { path: '/read' },
  },
})
