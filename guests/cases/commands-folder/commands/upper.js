const { loud } = require('../lib/loud')
module.exports = { name: 'upper', run: (text) => loud(text) }
