/** Outgoing requests: through the host, or straight to a server in this very bot. */
import { engine } from '../engine.js'
import { systemError, unavailable } from '../errors.js'
import { workOf } from '../host.js'
import { ended, started } from '../loop/work.js'
import { networkError } from './failures.js'
import { endToEnd, valueOf } from './headers.js'
import { pipe } from './pipe.js'
import { deliver, serverAt } from './server.js'
import { sinkOf, sourceOf } from './streams.js'
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
  if (!loopback) return openHost(request)
  // What listens on another port of this address is no server of the bot: the host says whether it may be reached.
  const port = Number(loopback[2] ?? (request.scheme === 'https' ? 443 : 80))
  return serverAt(port) ? openLoopback(request, port) : later(() => (serverAt(port) ? openLoopback(request, port) : openHost(request)))
}

/** A request of which the way shows when the code that begins it is through. */
function later(choose) {
  const chosen = new Promise((resolve) => { process.nextTick(() => resolve(choose())) })
  const response = chosen.then((wire) => wire.response)
  return {
    response,
    write: (bytes) => chosen.then((wire) => wire.write(bytes)),
    end: () => { chosen.then((wire) => wire.end()) },
    abort: () => { chosen.then((wire) => wire.abort()) },
  }
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
    .then(({ id, body, response }) => ({ id, sink: sinkOf(body, track), response }))
  opened.catch(() => {})
  const response = opened.then(({ response }) => track(response, `a request to ${scheme}://${authority}`)).then(
    ({ status, headers, body }) => ({ status, message: STATUS_CODES[status] ?? '', pairs: headers, source: sourceOf(body, track) }),
    (error) => { throw networkError(error, authority) })
  return {
    response,
    write: (bytes) => opened.then(({ sink }) => sink.write(bytes), () => false),
    end: () => { opened.then(({ sink }) => sink.end(), () => {}) },
    abort() {
      opened.then(({ id, sink }) => {
        engine.giveUp(id)
        sink.abort()
      }, () => {})
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

/** Counts a promise of the engine as work under way; `what` says it in words. */
function track(promise, what) {
  started(what)
  const done = () => ended(what)
  promise.then(done, done)
  return promise
}

/** Straight to a server of this bot, with what the two ends of a connection would add. */
function openLoopback({ method, scheme, path, pairs, hasBody, authority }, port) {
  const upload = pipe()
  if (!hasBody) upload.end()
  let download
  let delivered
  let left = false
  const response = new Promise((resolve, reject) => {
    process.nextTick(() => {
      const server = serverAt(port)
      if (!server) {
        const error = systemError('ECONNREFUSED', '', 'connect')
        error.message = `connect ECONNREFUSED 127.0.0.1:${port}`
        return reject(Object.assign(error, { address: '127.0.0.1', port }))
      }
      const added = []
      if (valueOf(pairs, 'host') === undefined) added.push('Host', authority)
      if (valueOf(pairs, 'connection') === undefined) added.push('Connection', 'keep-alive')
      if (hasBody && !isFramed(pairs)) added.push('Transfer-Encoding', 'chunked')
      const closes = /close/i.test(valueOf(pairs, 'connection') ?? '')
      const request = {
        method, path, pairs: [...pairs, ...added], source: upload, encrypted: scheme === 'https',
        remoteAddress: authority.startsWith('[') ? '::1' : server.address()?.family === 'IPv6' ? '::ffff:127.0.0.1' : '127.0.0.1',
      }
      delivered = deliver(server, request, (status, message, head, body) => {
        download = pipe()
        const added = valueOf(head, 'date') === undefined ? ['Date', new Date().toUTCString()] : []
        if (valueOf(head, 'connection') === undefined) added.push('Connection', closes ? 'close' : 'keep-alive')
        if (!closes && valueOf(head, 'keep-alive') === undefined) added.push('Keep-Alive', 'timeout=5')
        if (body && !isFramed(head)) added.push('Transfer-Encoding', 'chunked')
        if (!body) download.end()
        resolve({ status, message, pairs: [...head, ...added], source: download })
        return { write: download.write, end: download.end, abort: download.fail }
      })
      // The handler may have given up its own client meanwhile.
      if (left) delivered.leave()
    })
  })
  return {
    response,
    write: upload.write,
    end: upload.end,
    abort() {
      upload.fail()
      download?.close()
      left = true
      delivered?.leave()
    },
  }
}

function isFramed(pairs) {
  return valueOf(pairs, 'content-length') !== undefined || valueOf(pairs, 'transfer-encoding') !== undefined
}
