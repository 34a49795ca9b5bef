/** Outgoing requests: through the host, or straight to a server in this very bot. */
import { engine } from '../engine.js'
import { systemError, unavailable } from '../errors.js'
import { workOf } from '../host.js'
import { ended, started } from '../loop/work.js'
import { endToEnd, valueOf } from './headers.js'
import { pipe } from './pipe.js'
import { deliver, serverAt } from './server.js'
import { STATUS_CODES } from './tables.js'

/** What Node sends in a path as it is, and an address may not have. */
// eslint-disable-next-line no-control-regex
const NOT_IN_PATHS = /[\u0000-\u0020"#<>\\^`{|}\u007f-\u00ff]/g
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|\[::\]|0\.0\.0\.0)(?::(\d+))?$/i

/**
 * Begins a request.
 *
 * @param {{method: string, scheme: 'http' | 'https', authority: string, path: string, pairs: string[], hasBody: boolean}} request
 * @returns {{write(bytes: Uint8Array): Promise<boolean>, end(): void, abort(): void,
 *   response: Promise<{status: number, message: string, pairs: string[], source: object}>}}
 */
export function open(request) {
  const upgrade = valueOf(request.pairs, 'upgrade')
  if (upgrade && upgrade !== 'h2c') {
    return failed(unavailable(`An upgrade of HTTP to ${upgrade}`, 'Requests end with their answers: poll, or let the service call a route of the bot.'))
  }
  const loopback = LOOPBACK.exec(request.authority)
  if (loopback) return openLoopback(request, Number(loopback[2] ?? (request.scheme === 'https' ? 443 : 80)))
  return openHost(request)
}

/** A request that ends before it begins. */
function failed(error) {
  return { response: Promise.reject(error), write: () => Promise.resolve(false), end() {}, abort() {} }
}

function openHost({ method, scheme, authority, path, pairs, hasBody }) {
  if (/^[a-z]+:\/\//i.test(path)) {
    return failed(unavailable('A request by way of an HTTP proxy', 'Requests go out through the host: leave the proxy away.'))
  }
  warnOf(pairs, scheme, authority)
  path = path.replace(NOT_IN_PATHS, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
  // While an image is made the request waits; its body then waits with it.
  const opened = workOf(() => engine.request(method, scheme, authority, path, endToEnd(pairs), hasBody))
  opened.catch(() => {})
  const onBody = (use, otherwise) => opened.then(({ body }) => (body === undefined ? otherwise : use(body)), () => otherwise)
  const response = opened.then(({ response }) => track(response)).then(
    ({ status, headers, body }) => ({
      status,
      message: STATUS_CODES[status] ?? '',
      pairs: headers,
      source: { read: (max) => track(engine.read(body, max)), close: () => engine.close(body) },
    }),
    (error) => { throw networkError(error, authority) })
  return {
    response,
    write: (bytes) => onBody((body) => track(engine.write(body, bytes)), false),
    end: () => { onBody((body) => engine.close(body)) },
    abort() {
      onBody((body) => engine.close(body))
      response.then(({ source }) => source.close(), () => {})
    },
  }
}

/** Says once what is not sent as the bot wrote it: `Host` with another name, and logins for a proxy. */
function warnOf(pairs, scheme, authority) {
  const port = scheme === 'https' ? /:443$/ : /:80$/
  const plain = (host) => host.toLowerCase().replace(port, '')
  const host = valueOf(pairs, 'host')
  if (host !== undefined && plain(host) !== plain(authority)) {
    warnOnce(`The header "Host: ${host}" of a request to ${authority} is not sent: the host says the name that is in the address.`)
  }
  if (valueOf(pairs, 'proxy-authorization') !== undefined) {
    warnOnce(`The header "Proxy-Authorization" of a request to ${authority} is not sent: no proxy of the bot's is on the way.`)
  }
}

const warned = new Set()

function warnOnce(text) {
  if (warned.has(text) || warned.size > 100) return
  warned.add(text)
  process.emitWarning(text)
}

/** Counts a promise of the engine as work under way. */
function track(promise) {
  started()
  const done = () => ended()
  promise.then(done, done)
  return promise
}

function openLoopback({ method, scheme, path, pairs, hasBody, authority }, port) {
  const upload = pipe()
  if (!hasBody) upload.end()
  let download
  const response = new Promise((resolve, reject) => {
    process.nextTick(() => {
      const server = serverAt(port)
      if (!server) {
        const error = systemError('ECONNREFUSED', '', 'connect')
        error.message = `connect ECONNREFUSED 127.0.0.1:${port}`
        return reject(Object.assign(error, { address: '127.0.0.1', port }))
      }
      if (!pairs.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')) pairs = ['Host', authority, ...pairs]
      deliver(server, { method, path, pairs, source: upload, encrypted: scheme === 'https' }, (status, message, head, body) => {
        download = pipe()
        const known = head.some((name, i) => i % 2 === 0 && /^content-length$/i.test(name))
        const added = ['Date', new Date().toUTCString(), 'Connection', 'close']
        if (body && !known) added.push('Transfer-Encoding', 'chunked')
        if (!body) download.end()
        resolve({ status, message, pairs: [...head, ...added], source: download })
        return { write: download.write, end: download.end, abort: download.fail }
      })
    })
  })
  return {
    response,
    write: upload.write,
    end: upload.end,
    abort() {
      upload.fail()
      download?.close()
    },
  }
}

/** What Node calls the failures of `wasi:http`. */
const CODES = [
  [/^DNS-timeout/, 'EAI_AGAIN', 'getaddrinfo'],
  [/^DNS|destination-not-found/, 'ENOTFOUND', 'getaddrinfo'],
  [/connection-refused/, 'ECONNREFUSED', 'connect'],
  [/destination-unavailable|IP-unroutable/, 'EHOSTUNREACH', 'connect'],
  [/read-timeout|response-timeout/, 'ETIMEDOUT', 'read'],
  [/write-timeout/, 'ETIMEDOUT', 'write'],
  [/timeout/, 'ETIMEDOUT', 'connect'],
  [/IP-prohibited|request-denied/, 'EACCES', 'connect'],
  [/^TLS-certificate/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'connect'],
  [/^TLS/, 'EPROTO', 'connect'],
]

/** Gives an error of `wasi:http` the code that Node programs look for. */
export function networkError(error, authority) {
  const payload = error?.payload
  if (payload === undefined) return error
  const tag = payload.tag ?? String(payload)
  const detail = typeof payload.val === 'string' ? payload.val : payload.val?.rcode ?? payload.val?.alertMessage ?? ''
  const known = CODES.find(([pattern]) => pattern.test(tag))
  const hostname = authority.replace(/:\d+$/, '')
  if (!known) return Object.assign(new Error(`socket hang up (${tag}${detail ? `: ${detail}` : ''})`), { code: 'ECONNRESET', cause: error })
  const [, code, syscall] = known
  if (code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') return Object.assign(new Error(`unable to verify the certificate of ${authority}`), { code, cause: error })
  const result = systemError(code, tag, syscall)
  result.message = code === 'EACCES'
    ? `Roost does not let this bot reach ${authority}${detail ? `: ${detail}` : ''}`
    : syscall === 'connect' ? `connect ${code} ${authority}${detail ? ` (${detail})` : ''}`
      : syscall === 'getaddrinfo' ? `getaddrinfo ${code} ${hostname}` : `${syscall} ${code}`
  return Object.assign(result, { hostname, cause: error })
}
