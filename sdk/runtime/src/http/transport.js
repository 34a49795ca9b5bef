/** Outgoing requests: through the host, or straight to a server in this very bot. */
import { engine } from '../engine.js'
import { codedError, systemError } from '../errors.js'
import { workOf } from '../host.js'
import { ended, started } from '../loop/work.js'
import { endToEnd } from './headers.js'
import { pipe } from './pipe.js'
import { deliver, serverAt } from './server.js'
import { STATUS_CODES } from './tables.js'

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|\[::\]|0\.0\.0\.0)(?::(\d+))?$/i

/**
 * Begins a request.
 *
 * @param {{method: string, scheme: 'http' | 'https', authority: string, path: string, pairs: string[], hasBody: boolean}} request
 * @returns {{write(bytes: Uint8Array): Promise<boolean>, end(): void, abort(): void,
 *   response: Promise<{status: number, message: string, pairs: string[], source: object}>}}
 */
export function open(request) {
  const loopback = LOOPBACK.exec(request.authority)
  if (loopback) return openLoopback(request, Number(loopback[2] ?? (request.scheme === 'https' ? 443 : 80)))
  return openHost(request)
}

function openHost({ method, scheme, authority, path, pairs, hasBody }) {
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

const CODES = [
  [/^DNS|destination-not-found/, 'ENOTFOUND', 'getaddrinfo'],
  [/connection-refused|destination-unavailable/, 'ECONNREFUSED', 'connect'],
  [/timeout/, 'ETIMEDOUT', 'connect'],
  [/destination-IP|HTTP-request-denied/i, 'EACCES', 'connect'],
  [/^TLS-certificate/, 'CERT_HAS_EXPIRED', 'connect'],
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
  if (!known) return codedError(Error, 'ECONNRESET', `socket hang up (${tag}${detail ? `: ${detail}` : ''})`, { cause: error })
  const [, code, syscall] = known
  const result = systemError(code, tag, syscall)
  result.message = code === 'EACCES'
    ? `Roost does not let this bot reach ${authority}${detail ? `: ${detail}` : ''}`
    : `${syscall} ${code} ${code === 'ENOTFOUND' ? hostname : authority}${detail ? ` (${detail})` : ''}`
  return Object.assign(result, { hostname, cause: error })
}
