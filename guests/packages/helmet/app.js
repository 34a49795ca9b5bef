const helmet = require('helmet')
const express = require('express')
const { serve } = require('../checks')

const app = express()
app.get('/all', helmet(), (req, res) => res.send('all'))
app.get('/own', helmet({ contentSecurityPolicy: { directives: { 'script-src': ["'self'", (req, res) => `'nonce-${req.query.n}'`] } }, hsts: { maxAge: 1 } }), (req, res) => res.send('own'))
serve({ app, requests: { all: { path: '/all', every: true }, own: { path: '/own?n=7', every: true } } })
