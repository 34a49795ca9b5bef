const express = require('express')
const path = require('node:path')
const pug = require('pug')
const { failure, serve } = require('../checks')

const app = express().set('view engine', 'pug').set('views', path.resolve('views'))
app.get('/page', (req, res) => res.render('page', { name: 'Ana', items: ['a', 'b'] }))
serve({
  app,
  checks: {
    render: () => pug.render('ul\n  each n in list\n    li(class=n > 1 ? "b" : "a")= n\np #{text} !{text}', { list: [1, 2], text: '<b>' }),
    mixin: () => pug.compile('mixin hi(name)\n  p oi #{name}\n+hi("Ana")\n+hi("Bia")')(),
    error: () => failure(() => pug.render('p(')).then(({ failed }) => failed.code),
    file: () => pug.renderFile(path.resolve('views/page.pug'), { name: 'Bia', items: [] }),
  },
  requests: { page: { path: '/page' } },
})
