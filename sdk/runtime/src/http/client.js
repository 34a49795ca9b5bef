/** `http.ClientRequest`, `http.Agent`. */
import { codedError, invalidArgType, systemError, unavailable } from '../errors.js'
import { uncaught } from '../loop/uncaught.js'
import { clearTimeout, setTimeout } from '../loop/timers.js'
import { EventEmitter } from '../node/events.js'
import { Buffer } from '../node/buffer.js'
import { URL, urlToHttpOptions } from '../web/url.js'
import { hungUp } from './failures.js'
import { IncomingMessage, fill } from './incoming.js'
import { OutgoingMessage, abandon, attach, close, finishWhatIsSent, pairsOf, putHeader } from './outgoing.js'
import { Connection } from './socket.js'
import { open } from './transport.js'

/** Keeps options only: the host holds the connections. */
export function Agent(options) {
  if (!(this instanceof Agent)) return new Agent(options)
  EventEmitter.call(this)
  this.options = { ...options }
  this.requests = { __proto__: null }
  this.sockets = { __proto__: null }
  this.freeSockets = { __proto__: null }
  this.keepAlive = options?.keepAlive ?? false
  this.keepAliveMsecs = options?.keepAliveMsecs ?? 1000
  this.maxSockets = options?.maxSockets ?? Infinity
  this.maxFreeSockets = options?.maxFreeSockets ?? 256
  this.maxTotalSockets = options?.maxTotalSockets ?? Infinity
  this.defaultPort = 80
  this.protocol = 'http:'
}
Object.setPrototypeOf(Agent.prototype, EventEmitter.prototype)
Object.setPrototypeOf(Agent, EventEmitter)
Object.assign(Agent.prototype, {
  destroy() {},
  getName: (options = {}) => `${options.host ?? 'localhost'}:${options.port ?? ''}:${options.localAddress ?? ''}`,
  createConnection() { throw codedError(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'Roost has no sockets to give: requests go through the host.') },
  keepSocketAlive: () => true,
  reuseSocket() {},
  addRequest() {},
})

/** A function and not a class: see IncomingMessage. */
export function ClientRequest(input, options, callback) {
  if (!(this instanceof ClientRequest)) return new ClientRequest(input, options, callback)
  if (typeof input === 'string' || input instanceof URL) {
    const url = typeof input === 'string' ? new URL(input) : input
    if (typeof options === 'function') [callback, options] = [options, undefined]
    options = { ...urlToHttpOptions(url), ...options }
  } else {
    callback = typeof options === 'function' ? options : callback
    options = { ...input }
  }
  OutgoingMessage.call(this)
  // A server may answer before it has read everything, and a request that failed says so by its response.
  this._outlivesReader = true

  const agent = options.agent || undefined
  const protocol = options.protocol ?? agent?.protocol ?? options._defaultProtocol ?? 'http:'
  const expected = options._defaultProtocol ?? 'http:'
  if (protocol !== expected && !(agent && agent.protocol === protocol)) {
    throw codedError(TypeError, 'ERR_INVALID_PROTOCOL', `Protocol "${protocol}" not supported. Expected "${expected}"`)
  }
  const defaultPort = options.defaultPort ?? (protocol === 'https:' ? 443 : 80)
  const port = Number(options.port || defaultPort)
  const hostname = String(options.hostname ?? options.host ?? 'localhost').replace(/^\[|\]$/g, '')

  const { method } = options
  if (method !== null && method !== undefined && typeof method !== 'string') throw invalidArgType('options.method', 'string', method)
  this.method = (method || 'GET').toUpperCase()
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(this.method)) throw codedError(TypeError, 'ERR_INVALID_HTTP_TOKEN', `Method must be a valid HTTP token ["${method}"]`)
  this.path = options.path || '/'
  // eslint-disable-next-line no-control-regex
  if (/[^\u0021-\u00ff]/.test(this.path)) {
    throw codedError(TypeError, 'ERR_UNESCAPED_CHARACTERS', 'Request path contains unescaped characters')
  }
  this.protocol = protocol
  this.host = hostname
  this.port = port
  this.agent = agent
  this.maxHeadersCount = null
  this.reusedSocket = false
  this.aborted = false
  this.res = null
  this.timeout = options.timeout
  this.timeoutCb = null
  this._authority = (hostname.includes(':') ? `[${hostname}]` : hostname) + (port === defaultPort ? '' : `:${port}`)
  this._connectPort = port
  this.useChunkedEncodingByDefault = !['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'].includes(this.method)
  if (this.method === 'CONNECT') throw codedError(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'CONNECT is not available in Roost.')

  takeHeaders(this, options)
  if (callback) this.once('response', callback)
  if (options.signal) follow(this, options.signal)
  wait(this)

  this.socket = new Connection({ encrypted: protocol === 'https:', localPort: 40000 })
  this.socket.remotePort = port
  this._connected = false
  this._refusal = refusal(this, options)
  process.nextTick(() => {
    if (this.destroyed) return
    this._connected = true
    this.emit('socket', this.socket)
    this.socket.emit('connect')
    if (this.socket.encrypted) this.socket.emit('secureConnect')
    this.socket.emit('ready')
  })
  // The head of a request that asks first goes out by itself.
  if (this.hasHeader('expect')) this._implicitHeader()
  attach(this, (hasBody) => begin(this, hasBody))
}
Object.setPrototypeOf(ClientRequest.prototype, OutgoingMessage.prototype)
Object.setPrototypeOf(ClientRequest, OutgoingMessage)

function takeHeaders(request, { headers, auth, setHost }) {
  if (Array.isArray(headers)) {
    const flat = Array.isArray(headers[0]) ? headers.flat() : headers
    for (let i = 0; i < flat.length; i += 2) request.appendHeader(flat[i], flat[i + 1])
  } else if (headers) {
    for (const name of Object.keys(headers)) request.setHeader(name, headers[name])
  }
  if (setHost !== false && !request.hasHeader('host')) putHeader(request, 'Host', request._authority)
  if (auth && !request.hasHeader('authorization')) {
    request.setHeader('Authorization', `Basic ${Buffer.from(auth).toString('base64')}`)
  }
}

function follow(request, signal) {
  const abort = () => request.destroy(Object.assign(codedError(Error, 'ABORT_ERR', 'The operation was aborted', { cause: signal.reason }), { name: 'AbortError' }))
  if (signal.aborted) process.nextTick(abort)
  else {
    signal.addEventListener('abort', abort, { once: true })
    request.once('close', () => signal.removeEventListener('abort', abort))
  }
}

/** Why a request cannot be made here at all. */
function refusal(request, { agent, socketPath }) {
  if (socketPath) return Object.assign(systemError('ENOENT', '', 'connect', socketPath), { message: `connect ENOENT ${socketPath}`, address: socketPath })
  if (typeof agent?.connect === 'function' || typeof agent?.callback === 'function') {
    return unavailable(`An agent that opens connections of its own (${agent.constructor?.name})`,
      'Requests go out through the host: leave the agent away, or ask the operator for another way out.')
  }
  return undefined
}

/** Begins to wait anew: as at a socket, a timeout is a time without a byte. */
function wait(request) {
  clearTimeout(request._timer)
  request._timer = undefined
  if (!(request.timeout > 0) || request.destroyed || request._closed) return
  request._timer = setTimeout(() => {
    request.emit('timeout')
    request.socket?.emit('timeout')
  }, request.timeout)
  // An answer that nobody reads any more holds nothing.
  if (request.res) request._timer._isHeard = () => false
}

function begin(request, hasBody) {
  const authority = /:\d+$/.test(request._authority) ? request._authority
    : request._connectPort === (request.protocol === 'https:' ? 443 : 80) ? request._authority : `${request._authority}:${request._connectPort}`
  const wire = request._refusal ? refused(request._refusal) : open({
    method: request.method, scheme: request.protocol === 'https:' ? 'https' : 'http', authority, path: request.path,
    pairs: pairsOf(request), hasBody,
  })
  wire.response.then((head) => respond(request, head), (error) => {
    // Who hangs up has read what was sent, and that is known later here than on Node.
    if (error?.code === 'ECONNRESET') finishWhatIsSent(request)
    request.destroy(error)
  }).catch(uncaught)
  // The host asks no server whether it may send a body, and so the answer is always yes.
  if (/^100-continue$/i.test(request.getHeader('expect'))) process.nextTick(() => request.destroyed || request.emit('continue'))
  return {
    ...wire,
    write(bytes) {
      wait(request)
      return wire.write(bytes)
    },
  }
}

function refused(error) {
  return { response: Promise.reject(error), write: () => Promise.resolve(false), end() {}, abort() {} }
}

function respond(request, { status, message, pairs, source }) {
  if (request.destroyed) return source.close()
  const response = new IncomingMessage(request.socket)
  response.statusCode = status
  response.statusMessage = message
  response.req = request
  const bodiless = request.method === 'HEAD' || status === 204 || status === 304
  if (bodiless) source.close()
  fill(response, pairs, bodiless ? undefined : {
    close: source.close,
    read: (max) => source.read(max).then((bytes) => {
      wait(request)
      return bytes
    }),
  })
  request.res = response
  wait(request)
  response.on('close', () => {
    if (request.destroyed) return
    request.destroyed = true
    wait(request)
    close(request)
  })
  request.socket._httpMessage = request
  if (!request.emit('response', response)) response._dump()
}

Object.assign(ClientRequest.prototype, {
  _implicitHeader() {
    if (!this.hasHeader('content-length') && !this.hasHeader('transfer-encoding')) {
      const wants = this.useChunkedEncodingByDefault || this._contentLength > 0
      if (this._contentLength !== null && wants) putHeader(this, 'Content-Length', String(this._contentLength))
    }
    this._header = `${this.method} ${this.path} HTTP/1.1\r\n\r\n`
  },

  _afterFinish() {},

  abort() {
    if (this.aborted) return
    this.aborted = true
    process.nextTick(() => this.emit('abort'))
    this.destroy()
  },

  destroy(error) {
    if (this.destroyed) return this
    const { res } = this
    // Nobody waits for a connection that was not made yet: who gives up before is not told.
    const told = error ?? (res || (this.aborted && !this._connected) ? undefined : hungUp('socket hang up'))
    abandon(this, error)
    wait(this)
    if (told) process.nextTick(() => this.emit('error', told))
    process.nextTick(() => {
      if (res && !res.complete) res.destroy(hungUp('aborted'))
      close(this)
    })
    return this
  },

  setTimeout(ms, callback) {
    if (callback) this.once('timeout', callback)
    this.timeout = ms
    wait(this)
    return this
  },

  onSocket() {},
  setNoDelay() {},
  setSocketKeepAlive() {},
  clearTimeout(callback) { this.setTimeout(0, callback) },
})
