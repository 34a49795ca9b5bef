// A transport of the bot's own.

const fs = require('node:fs')
const { Writable } = require('node:stream')

module.exports = ({ file }) => new Writable({
  write(chunk, encoding, done) {
    for (const line of String(chunk).trim().split('\n')) fs.appendFileSync(file, `${JSON.parse(line).msg}\n`)
    done()
  },
})
