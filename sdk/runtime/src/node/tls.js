/** `node:tls`: TLS is the host's. */
import { unavailable } from '../errors.js'
import { NetServer } from '../http/server.js'
import { Socket } from './net.js'

function TLSSocket(socket, options) {
  if (!(this instanceof TLSSocket)) return new TLSSocket(socket, options)
  Socket.call(this, options)
  this.encrypted = true
  this.authorized = false
  // http2-wrapper reads the class of this object at load.
  this._handle = { _parentWrap: {} }
}
Object.setPrototypeOf(TLSSocket.prototype, Socket.prototype)
Object.setPrototypeOf(TLSSocket, Socket)

export function Server() {
  throw unavailable('A TLS server', 'Use `http.createServer`: the host ends TLS in front of the bot.')
}
Object.setPrototypeOf(Server.prototype, NetServer.prototype)
Object.setPrototypeOf(Server, NetServer)

export default {
  TLSSocket, Server,
  connect: (...args) => new TLSSocket().connect(...args),
  createServer: () => new Server(),
  createSecureContext: () => ({ context: {} }),
  checkServerIdentity() {}, getCiphers: () => [], rootCertificates: [],
  DEFAULT_MIN_VERSION: 'TLSv1.2', DEFAULT_MAX_VERSION: 'TLSv1.3', DEFAULT_ECDH_CURVE: 'auto', DEFAULT_CIPHERS: '',
}
