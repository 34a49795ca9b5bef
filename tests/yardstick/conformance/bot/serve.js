'use strict'
// The bot that a suite is in the sandbox: each request runs one file, in an instance of its own.

const http = require('http')
const { run, told } = require('./driver.js')

/** The host waits 30 s for an answer. */
const PATIENCE = 15_000

module.exports = (table) => http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://bot')
  // A bot is deployed that takes webhooks.
  if (pathname === '/webhook') return response.end(searchParams.get('hub.challenge') ?? '')
  const name = searchParams.get('file')
  const load = table[name]
  const ended = load ? run(load, PATIENCE) : Promise.resolve({ why: `there is no file \`${name}\`` })
  ended.catch((error) => ({ why: told(error) })).then((result) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(result))
  })
}).listen(process.env.PORT ?? 3000)
