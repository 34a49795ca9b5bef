const { body, checkSchema, matchedData, query, validationResult } = require('express-validator')
const express = require('express')
const { serve } = require('../checks')

const app = express()
app.use(express.json())
const tell = (req, res) => res.json({ errors: validationResult(req).array(), data: matchedData(req) })
app.post('/person', body('email').isEmail().normalizeEmail(), body('age').isInt({ min: 18 }).toInt(), body('name').trim().notEmpty().escape(), body('tags.*').isLength({ max: 3 }), tell)
app.get('/page', query('n').optional().custom((n) => { if (n === '13') throw new Error('unlucky'); return true }), tell)
app.post('/schema', checkSchema({ phone: { isMobilePhone: { options: 'pt-BR' } }, when: { isISO8601: true, toDate: true } }), tell)
const post = (path, json) => ({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) })
serve({
  app,
  requests: {
    good: post('/person', { email: 'Ana.B+x@GMail.com', age: '20', name: ' <Ana> ', tags: ['a', 'b'] }),
    bad: post('/person', { email: 'ana', age: 3, name: '', tags: ['long one'] }),
    custom: { path: '/page?n=13' },
    schema: post('/schema', { phone: '+5511987654321', when: '2026-01-02T03:04:05Z' }),
  },
})
