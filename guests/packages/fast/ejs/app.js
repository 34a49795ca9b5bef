const ejs = require('ejs')
const express = require('express')
const path = require('node:path')
const { failure, serve } = require('../../checks')

const app = express().set('view engine', 'ejs').set('views', path.resolve('views'))
app.get('/page', (req, res) => res.render('page', { name: 'Ana', items: ['a', 'b'] }))
app.get('/none', (req, res) => res.render('none'))
app.use((error, req, res, next) => res.status(500).send(error.message.split('\n')[0].replace(/ in views directory.*/, '')))
serve({
  app,
  checks: {
    render: () => ejs.render('oi <%= nome %> <%- html %> <% for (const n of [1, 2]) { %><%= n %><% } %>', { nome: '<Ana>', html: '<b>' }),
    compile: () => ejs.compile('<%= a + b %>', { client: false })({ a: 1, b: 2 }),
    file: () => ejs.renderFile(path.resolve('views/page.ejs'), { name: 'Bia', items: [] }),
    async: () => ejs.render('<%= await Promise.resolve(7) %>', {}, { async: true }),
    error: () => failure(() => ejs.render('<%= none %>', {})).then(({ failed }) => [failed.name, failed.message.split('\n').at(-1)]),
    delimiter: () => ejs.render('<?= a ?>', { a: 1 }, { delimiter: '?' }),
  },
  requests: { page: { path: '/page' }, none: { path: '/none' } },
})
