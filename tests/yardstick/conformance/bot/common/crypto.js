'use strict'
// The suite's own `common/crypto`, without the program `openssl`.

const own = require('./crypto_of_the_suite.js')

module.exports = Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(own), opensslCli: { value: false, enumerable: true } })
