// What every bot here is made of: named checks, each asked for by one request, so that none spoils another.
//
//   GET /t            the names, and what each needs that not every host has
//   GET /t?c=NAME     what the check gave: a value, or the error that it threw
//
// `app` answers everything else, for packages that serve; `requests` says what the harness asks of it.

const http = require('node:http')

const PATIENCE = 15_000

/** Where the harness plays the world, over TLS. */
const WORLD = 'https://world.example.com'

function serve({ checks = {}, requests = {}, app }) {
  const list = [
    ...Object.entries(checks).map(([name, check]) => ({ name, needs: check.needs })),
    ...Object.entries(requests).map(([name, request]) => ({ name, request })),
  ]
  http.createServer((req, res) => {
    const url = new URL(req.url, 'http://x')
    if (url.pathname === '/webhook') return res.end(req.method === 'GET' ? url.searchParams.get('hub.challenge') ?? '' : 'ok')
    if (url.pathname !== '/t') return app ? app(req, res) : res.writeHead(404).end()
    const name = url.searchParams.get('c')
    const answer = (value) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (!name) return answer(list)
    return ended(checks[name]).then((value) => answer({ value: shown(value) }), (error) => answer({ error: shown(error) }))
  }).listen(process.env.PORT)
}

function ended(check) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no end in ${PATIENCE} ms`)), PATIENCE)
    const over = (settle) => (value) => { clearTimeout(timer); settle(value) }
    new Promise((done) => done((check.run ?? check)())).then(over(resolve), over(reject))
  })
}

/** A check of something that is counted apart: `sockets`, `SQL dialects`. */
const needs = (what, run) => ({ needs: what, run })

/** Runs a function that fails, and tells how. */
const failure = async (run) => {
  try { return { went: shown(await run()) } } catch (error) { return { failed: shown(error) } }
}

/** A value as JSON that shows what JSON would hide. */
function shown(value, depth = 0) {
  if (value === undefined) return '(undefined)'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'function') return `(function ${value.name})`
  if (typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > 8) return '(deep)'
  const within = (inner) => shown(inner, depth + 1)
  if (value instanceof Error) {
    const { name, message, code, cause } = value
    return { name, message: first(message), ...(code === undefined ? {} : { code }), ...(cause instanceof Error ? { cause: within(cause) } : {}) }
  }
  if (value instanceof Date) return `(date ${Number.isNaN(+value) ? 'invalid' : value.toISOString()})`
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytes(value)
  if (value instanceof RegExp) return String(value)
  if (value instanceof Map) return { map: [...value].map(within) }
  if (value instanceof Set) return { set: [...value].map(within) }
  if (Array.isArray(value)) return value.map(within)
  if (typeof value.toJSON === 'function') return within(value.toJSON())
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, within(inner)]))
}

// Some messages list the stack of modules that asked.
const first = (message) => String(message).split('\nRequire stack')[0]

function bytes(view) {
  const all = Buffer.from(view.buffer ?? view, view.byteOffset, view.byteLength)
  if (all.length <= 80) return `(bytes ${all.toString('hex')})`
  let sum = 0
  for (const byte of all) sum = (sum * 31 + byte) >>> 0
  return `(${all.length} bytes, sum ${sum})`
}

module.exports = { WORLD, failure, needs, serve }
