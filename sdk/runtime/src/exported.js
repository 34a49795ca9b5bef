/**
 * Serves what a bot only exports, as Vercel, Netlify and AWS Lambda would: an application, a request
 * handler, or `exports.handler = serverless(app)`.
 */
import { Server } from './http/server.js'

/** Names that export what takes requests, the likeliest first. */
const NAMES = ['default', 'app', 'server', 'handler', 'api', 'index', 'application', 'main']

let exported

/** Remembers where the bundle's exports will be, once its top level is done. */
export function rememberExports(get) {
  exported = get
}

/**
 * Makes what the bundle exports listen at `process.env.PORT`.
 *
 * @returns {Promise<boolean>} whether there is anything that can
 */
export async function serveExported() {
  const exports = exported?.()
  exported = undefined
  const server = exports && await serverOf(exports)
  if (!server || server.listening) return server !== undefined
  server.listen(process.env.PORT)
  return true
}

async function serverOf(exports) {
  const whole = await ofValue(exports, '')
  if (whole || (typeof exports !== 'object' && typeof exports !== 'function')) return whole
  for (const name of NAMES) {
    // Of a default export that holds others: `export default { app }`, or CommonJS seen as an ES module.
    const found = await ofValue(exports[name], name) ?? (name === 'default' && exports.default && exports.default !== exports
      ? await serverOf(exports.default) : undefined)
    if (found) return found
  }
  const functions = Object.keys(exports).filter((name) => typeof exports[name] === 'function')
  return functions.length === 1 ? ofValue(exports[functions[0]], functions[0]) : undefined
}

async function ofValue(value, name) {
  if (value instanceof Server) return value
  const isFunction = typeof value === 'function'
  if (!isFunction && (typeof value !== 'object' || value === null)) return undefined
  // Fastify: its server takes requests once it is ready.
  if (typeof value.ready === 'function' && value.server instanceof Server) {
    await value.ready()
    return value.server
  }
  // Koa.
  if (typeof value.callback === 'function' && typeof value.use === 'function') return new Server(value.callback())
  // Express, connect and restify are functions with a `handle`; Hono has `fetch`.
  if (isFunction && typeof value.handle === 'function') return new Server(value)
  if (typeof value.fetch === 'function') return new Server(ofFetch((request) => value.fetch(request, process.env)))
  if (!isFunction || /^class\b/.test(Function.prototype.toString.call(value))) return undefined
  if (name === 'handler') return new Server(ofLambda(value))
  return value.length >= 2 && name !== 'main' ? new Server(value) : undefined
}

/** Of a handler that takes a `Request` and gives a `Response`. */
function ofFetch(handle) {
  return async (req, res) => {
    const body = req.method === 'GET' || req.method === 'HEAD' ? undefined : await bytesOf(req)
    const url = `${req.socket.encrypted ? 'https' : 'http'}://${req.headers.host ?? 'localhost'}${req.url}`
    const response = await handle(new Request(url, { method: req.method, headers: Object.entries(req.headers).flatMap(([name, value]) => (
      [value].flat().map((one) => [name, one]))), body }))
    const headers = {}
    for (const [name, value] of response.headers) if (name !== 'set-cookie') headers[name] = value
    const cookies = response.headers.getSetCookie()
    if (cookies.length > 0) headers['set-cookie'] = cookies
    res.writeHead(response.status, headers)
    for await (const chunk of response.body ?? []) res.write(chunk)
    res.end()
  }
}

/** Of an AWS Lambda handler behind an HTTP API: the events of its format 2.0, with what 1.0 and Netlify say beside it. */
function ofLambda(handle) {
  return async (req, res) => {
    const url = new URL(req.url, `http://${req.headers.host ?? 'localhost'}`)
    const bytes = await bytesOf(req)
    const isText = /^(text\/|application\/(json|x-www-form-urlencoded|xml|javascript|[\w.+-]+\+(json|xml)))/.test(req.headers['content-type'] ?? 'text/')
    const query = url.searchParams.size > 0 ? Object.fromEntries(url.searchParams) : undefined
    const { cookie, ...headers } = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, [value].flat().join(',')]))
    const now = Date.now()
    const event = {
      version: '2.0',
      routeKey: '$default',
      rawPath: url.pathname,
      rawQueryString: url.search.slice(1),
      cookies: cookie?.split('; '),
      headers: cookie === undefined ? headers : { ...headers, cookie },
      queryStringParameters: query,
      httpMethod: req.method,
      path: url.pathname,
      requestContext: {
        http: { method: req.method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp: req.socket.remoteAddress ?? '127.0.0.1', userAgent: req.headers['user-agent'] ?? '' },
        accountId: 'anonymous', apiId: 'roost', domainName: url.hostname, domainPrefix: 'roost', requestId: crypto.randomUUID(),
        routeKey: '$default', stage: '$default', time: new Date(now).toISOString(), timeEpoch: now,
      },
      body: bytes.length === 0 ? (req.method === 'GET' || req.method === 'HEAD' ? undefined : '') : isText ? bytes.toString() : bytes.toString('base64'),
      isBase64Encoded: bytes.length > 0 && !isText,
    }
    const context = {
      functionName: 'bot', functionVersion: '$LATEST', awsRequestId: event.requestContext.requestId, memoryLimitInMB: '128',
      callbackWaitsForEmptyEventLoop: true, getRemainingTimeInMillis: () => 30_000, done() {}, succeed() {}, fail() {},
    }
    const result = await new Promise((resolve, reject) => {
      const promised = handle(event, context, (error, value) => (error ? reject(error) : resolve(value)))
      if (typeof promised?.then === 'function') promised.then(resolve, reject)
      else if (handle.length < 3) resolve(promised)
    })
    answer(res, result)
  }
}

function answer(res, result) {
  const plain = typeof result !== 'object' || result === null || result.statusCode === undefined
  const { statusCode, headers = {}, multiValueHeaders = {}, cookies, body, isBase64Encoded } = plain
    ? { statusCode: 200, headers: { 'content-type': 'application/json' }, body: typeof result === 'string' ? result : JSON.stringify(result) } : result
  res.statusCode = Number(statusCode)
  for (const [name, value] of Object.entries({ ...headers, ...multiValueHeaders })) res.setHeader(name, typeof value === 'object' ? value : String(value))
  if (cookies?.length > 0) res.setHeader('set-cookie', cookies)
  if (body === undefined || body === null) res.end()
  else res.end(isBase64Encoded ? Buffer.from(body, 'base64') : typeof body === 'string' ? body : JSON.stringify(body))
}

async function bytesOf(req) {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  return Buffer.concat(chunks)
}
