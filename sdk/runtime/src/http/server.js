/** `http.Server`, and the table of ports that stands for the network: `listen` opens no socket. */
import { engine } from '../engine.js'
import { codedError, systemError, unavailable } from '../errors.js'
import { EventEmitter } from '../node/events.js'
import { hungUp } from './failures.js'
import { endToEnd, headersOf, valueOf } from './headers.js'
import { IncomingMessage, fill } from './incoming.js'
import { hangUp } from './outgoing.js'
import { ServerResponse, connect } from './response.js'
import { Connection } from './socket.js'
import { ownSourceOf, sinkOf } from './streams.js'
import { runIn } from '../loop/context.js'
import { answerCloses, answerOpens } from '../loop/staying.js'

/** @type {Map<number, Server>} */
const ports = new Map()
const FIRST_FREE = 49152
const waiting = []

/** `net.Server`: what all servers are. */
export function NetServer() {
  throw unavailable('A TCP server', 'Use `http.createServer`.')
}
Object.setPrototypeOf(NetServer.prototype, EventEmitter.prototype)
Object.setPrototypeOf(NetServer, EventEmitter)

export function Server(options, listener) {
  if (!(this instanceof Server)) return new Server(options, listener)
  prepare(this, options, listener)
}
Object.setPrototypeOf(Server.prototype, NetServer.prototype)
Object.setPrototypeOf(Server, NetServer)

/** What the constructors of servers do; `encrypted` when clients speak TLS to it. */
export function prepare(server, options, listener, encrypted = false) {
  if (typeof options === 'function') [listener, options] = [options, undefined]
  EventEmitter.call(server)
  Object.assign(server, {
    listening: false, timeout: 0, keepAliveTimeout: 5000, headersTimeout: 60000, requestTimeout: 300000,
    maxHeadersCount: null, maxRequestsPerSocket: 0, encrypted, _options: options ?? {}, _port: undefined,
  })
  if (listener) server.on('request', listener)
}

Object.assign(NetServer.prototype, {
  listen(...args) {
    const callback = typeof args.at(-1) === 'function' ? args.pop() : undefined
    const first = args[0]
    const options = typeof first === 'object' && first !== null ? first : { port: first, host: args.find((arg, i) => i > 0 && typeof arg === 'string') }
    if (this.listening) throw codedError(Error, 'ERR_SERVER_ALREADY_LISTEN', 'Listen method has been called more than once without closing.')
    if (callback) this.once('listening', callback)

    const port = portOf(options.port ?? options.path)
    if (ports.has(port)) {
      const error = Object.assign(systemError('EADDRINUSE', 'address already in use', 'listen'), { address: '::', port })
      error.message = `listen EADDRINUSE: address already in use :::${port}`
      process.nextTick(() => this.emit('error', error))
      return this
    }
    this._port = port
    this._host = options.host
    this.listening = true
    ports.set(port, this)
    process.nextTick(() => {
      if (!this.listening) return
      this.emit('listening')
      for (const { resume } of waiting.splice(0)) resume()
    })
    return this
  },

  close(callback) {
    const open = this.listening
    if (callback) {
      this.once('close', () => callback(open ? undefined : codedError(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.')))
    }
    if (open) ports.delete(this._port)
    this.listening = false
    process.nextTick(() => this.emit('close'))
    return this
  },

  address() {
    if (!this.listening) return null
    if (!this._host || this._host === '::') return { address: '::', family: 'IPv6', port: this._port }
    return { address: this._host === 'localhost' ? '127.0.0.1' : this._host, family: 'IPv4', port: this._port }
  },

  getConnections(callback) { process.nextTick(callback, null, 0) },
  ref() { return this },
  unref() { return this },
  async [Symbol.asyncDispose]() { if (this.listening) await new Promise((resolve) => this.close(resolve)) },
})

/** What servers of HTTP have besides, with TLS or without. */
export const serverMethods = {
  setTimeout(ms, callback) {
    this.timeout = typeof ms === 'number' ? ms : 0
    const listener = typeof ms === 'function' ? ms : callback
    if (listener) this.on('timeout', listener)
    return this
  },

  closeAllConnections() {},
  closeIdleConnections() {},
}
Object.assign(Server.prototype, serverMethods)

function portOf(value) {
  if (value === undefined || value === null || value === '' || +value === 0) {
    let port = FIRST_FREE
    while (ports.has(port)) port++
    return port
  }
  const port = Number(value)
  // A path of a Unix socket: nobody can connect to it, but it is a server all the same.
  if (Number.isNaN(port) && typeof value === 'string') return portOf(0)
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw codedError(RangeError, 'ERR_SOCKET_BAD_PORT', `options.port should be >= 0 and < 65536. Received ${typeof value} (${value}).`)
  }
  return port
}

export function serverAt(port) {
  return ports.get(port)
}

/** All servers that listen, as [port, server]. */
export function listeners() {
  return [...ports]
}

/**
 * The server that the host's requests go to: the one at `PORT`, else the only one that has routes of
 * its own, else the first that listened.
 */
function mainServer() {
  if (ports.size < 2) return ports.values().next().value
  return ports.get(Number(process.env.PORT)) ?? theOneWithRoutes() ?? ports.values().next().value
}

/** Set by `routes.js`: whether a server lists routes. */
export const routing = { has: () => false }

function theOneWithRoutes() {
  const found = [...ports.values()].filter((server) => routing.has(server))
  return found.length === 1 ? found[0] : undefined
}

/** All servers that listen, as [port, server], the main one first. */
export function mainFirst() {
  const main = mainServer()
  return [...ports].sort(([, a], [, b]) => Number(b === main) - Number(a === main))
}

/**
 * Hands a request to a server. `send` is as in `connect` of response.js; `closed` is called when the answer is over.
 * Gives what tells the server that its client has gone.
 */
export function deliver(server, { method, path, pairs, headers, source, encrypted, remoteAddress }, send, closed) {
  const socket = new Connection({ encrypted, remoteAddress, localPort: server._port })
  const Request = server._options.IncomingMessage ?? IncomingMessage
  const Response = server._options.ServerResponse ?? ServerResponse
  const req = new Request(socket)
  req.method = method
  req.url = path
  fill(req, pairs, source, headers)
  const res = new Response(req)
  socket.server = server
  res.assignSocket(socket)
  connect(res, send)
  res.on('close', () => {
    closed?.()
    if (!res.writableFinished && !req.complete) req.destroy()
  })
  if (req.headers.expect && /100-continue/i.test(req.headers.expect) && server.listenerCount('checkContinue') > 0) {
    server.emit('checkContinue', req, res)
  } else if (!server.emit('request', req, res)) {
    res.writeHead(503)
    res.end()
  }
  return {
    /** The client has gone before the answer was out. */
    leave() {
      if (res._closed) return
      req.destroy(hungUp('aborted'))
      hangUp(res)
    },
  }
}

/** A request from the host. */
export function onRequest(id, method, scheme, authority, path, pairs, body) {
  const server = mainServer()
  if (!server) {
    engine.hold(1)
    waiting.push({
      resume() {
        engine.hold(-1)
        // It is the event's own work, though the top level let it go on.
        runIn(undefined, onRequest, undefined, [id, method, scheme, authority, path, pairs, body])
      },
      refuse(text) {
        engine.hold(-1)
        const stream = engine.respond(id, 503, ['content-type', 'text/plain; charset=utf-8'], true)
        engine.write(stream, engine.utf8Encode(text)).finally(() => engine.close(stream))
      },
    })
    return
  }

  if (authority !== undefined && valueOf(pairs, 'host') === undefined) pairs.unshift('host', authority)
  const headers = headersOf(pairs)
  // The host takes the framing off; without a sign of a body, body parsers would not look for one.
  if (method !== 'GET' && method !== 'HEAD' && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    pairs.push('transfer-encoding', headers['transfer-encoding'] = 'chunked')
  }
  const source = ownSourceOf(body)
  // The host is the one proxy in front: what it says of the client is what a socket would.
  const remoteAddress = headers['x-forwarded-for']
  answerOpens()
  deliver(server, { method, path, pairs, headers, source, encrypted: scheme === 'https', remoteAddress }, (status, message, head, hasBody) => {
    return sinkOf(engine.respond(id, status, endToEnd(head), hasBody))
  }, answerCloses)
}

/** Whether requests wait for a server; `refuse` ends their waiting. */
export function waitingRequests() {
  return waiting.length
}

export function refuseWaiting(text) {
  for (const { refuse } of waiting.splice(0)) refuse(text)
}
