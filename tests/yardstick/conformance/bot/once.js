'use strict'
// One file of a suite on Node: the result is the last line of the output.

const { run, told } = require('./driver.js')

const PATIENCE = 50_000

module.exports = (table) => {
  const { exit } = process
  run(table[process.argv[2]], PATIENCE).catch((error) => ({ why: told(error) })).then((result) => {
    process.stdout.write(`\n${JSON.stringify(result)}\n`, () => exit.call(process, 0))
  })
}
