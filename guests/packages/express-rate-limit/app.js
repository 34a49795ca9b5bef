const { rateLimit } = require('express-rate-limit')
const express = require('express')
const { serve } = require('../checks')

const app = express()
app.set('trust proxy', 1)
app.get('/once', rateLimit({ windowMs: 60_000, limit: 5, standardHeaders: 'draft-6', legacyHeaders: false, keyGenerator: () => 'one' }), (req, res) => res.send('ok'))
app.get('/never', rateLimit({ windowMs: 60_000, limit: 0, message: 'slowly', statusCode: 429, keyGenerator: () => 'two', skip: (req) => req.query.skip === '1' }), (req, res) => res.send('ok'))
const shown = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-policy']
serve({ app, requests: { allowed: { path: '/once', show: shown }, refused: { path: '/never' }, skipped: { path: '/never?skip=1' } } })
