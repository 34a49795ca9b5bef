/** `node:https`: TLS is the host's, so certificates and keys in options mean nothing here. */
import { Agent as HttpAgent, ClientRequest } from '../http/client.js'
import { prepare, serverMethods } from '../http/server.js'
import { Server as TlsServer } from './tls.js'
import { URL } from '../web/url.js'

function Agent(options) {
  if (!(this instanceof Agent)) return new Agent(options)
  HttpAgent.call(this, options)
  this.defaultPort = 443
  this.protocol = 'https:'
  this.maxCachedSessions = 100
}
Object.setPrototypeOf(Agent.prototype, HttpAgent.prototype)
Object.setPrototypeOf(Agent, HttpAgent)

function Server(options, listener) {
  if (!(this instanceof Server)) return new Server(options, listener)
  prepare(this, options, listener, true)
}
Object.setPrototypeOf(Server.prototype, TlsServer.prototype)
Object.setPrototypeOf(Server, TlsServer)
Object.assign(Server.prototype, serverMethods)

function request(input, options, callback) {
  const defaults = { _defaultProtocol: 'https:' }
  if (typeof input !== 'string' && !(input instanceof URL)) {
    return new ClientRequest({ ...defaults, ...input }, typeof options === 'function' ? options : callback)
  }
  if (typeof options === 'function') [callback, options] = [options, undefined]
  return new ClientRequest(input, { ...defaults, ...options }, callback)
}

const https = {
  Agent, Server, request,
  globalAgent: new Agent({ keepAlive: true }),
  createServer: (options, listener) => new Server(options, listener),
  get(input, options, callback) {
    const made = https.request(input, options, callback)
    made.end()
    return made
  },
}

export default https
