const debug = require('debug')
const { serve } = require('../checks')

const lines = []
debug.log = (...args) => lines.push(require('node:util').format(...args).replace(/^\S+Z /, ''))
const on = (names) => { lines.length = 0; debug.enable(names) }
serve({
  checks: {
    namespaces: () => { on('bot:*,-bot:no'); debug('bot:yes')('a %s %d', 'b', 3); debug('bot:no')('never'); return [lines.map((line) => line.replace(/ \+\d+ms$/, '')), debug('bot:yes').enabled, debug('x').enabled] },
    objects: () => { on('o'); debug('o')('%o %j', { a: [1, { b: 2 }] }, { c: 1 }); return lines.map((line) => line.replace(/ \+\d+ms$/, '')) },
    extend: () => debug('a').extend('b').namespace,
  },
})
