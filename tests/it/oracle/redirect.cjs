// Loaded into a bot before its first line, with `node --require`.
//
// The bot believes that it talks to Meta: what it sends to Meta's hosts goes to the recording server at
// ORACLE_GRAPH (http://127.0.0.1:PORT). The port it listens on is ORACLE_PORT, whatever it asks for.
// Anything else outward is refused, so that a run does not depend on the network.

const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const { syncBuiltinESMExports } = require('node:module')

const graph = new URL(process.env.ORACLE_GRAPH)
const META = new Set(['graph.facebook.com', 'lookaside.fbsbx.com'])
const LOCAL = new Set(['127.0.0.1', 'localhost', '::1'])

function redirected(url) {
  if (META.has(url.hostname)) return new URL(url.pathname + url.search, graph)
  if (LOCAL.has(url.hostname)) return url
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${url.hostname}`), { code: 'ENOTFOUND' })
}

const { fetch } = globalThis
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init)
  const url = redirected(new URL(request.url))
  const body = request.body && (await request.arrayBuffer())
  const { method, headers, redirect, signal } = request
  return fetch(url, { method, headers, redirect, signal, body })
}

// Called as `request(url, options, callback)`, with either of the first two left out.
const { request } = http
function redirectedRequest(protocol, [first, second, ...rest]) {
  const url = typeof first === 'string' ? new URL(first) : first
  const options = url instanceof URL ? { ...fromUrl(url), ...Object(second) } : { ...first }
  const callback = [second, ...rest].find((argument) => typeof argument === 'function')

  const host = options.hostname ?? options.host ?? 'localhost'
  const port = options.port ? `:${options.port}` : ''
  const wanted = new URL(options.path ?? '/', `${options.protocol ?? protocol}//${host}${port}`)
  // An agent for https refuses to speak http.
  const { agent, ...others } = options
  return request.call(http, { ...others, ...fromUrl(redirected(wanted)) }, callback)
}

const fromUrl = ({ protocol, hostname, port, pathname, search }) => ({
  protocol,
  hostname,
  host: hostname,
  port,
  path: pathname + search,
})

for (const [module, protocol] of [[http, 'http:'], [https, 'https:']]) {
  module.request = (...args) => redirectedRequest(protocol, args)
  module.get = (...args) => module.request(...args).end()
}
syncBuiltinESMExports()

// The first port that is asked for is the bot's; later ones, as of a metrics server, are any free one.
const { listen } = net.Server.prototype
let isFirst = true
net.Server.prototype.listen = function (...given) {
  const port = isFirst ? Number(process.env.ORACLE_PORT) : 0
  isFirst = false
  const callback = given.find((argument) => typeof argument === 'function')
  return listen.call(this, { port, host: '127.0.0.1' }, callback)
}
