/** `node:net`: addresses are understood, connections are not to be had. */
import { unavailable } from '../errors.js'
import { refuseConnection } from '../refused.js'
import { NetServer } from '../http/server.js'
import { parseHost } from '../web/url_parser.js'
import { Duplex } from './stream.js'

const V4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/

function isIPv4(text) { return V4.test(`${text}`) }

function isIPv6(text) {
  const plain = `${text}`.replace(/%[0-9a-zA-Z\-.:]+$/, '')
  return plain.includes(':') && parseHost(`[${plain}]`, true) !== undefined
}

export function isIP(text) {
  return isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0
}

/** A function and not a class: packages call it as `Socket.call(this)`. */
export function Socket(options) {
  if (!(this instanceof Socket)) return new Socket(options)
  Duplex.call(this, { ...options, read() {}, write(chunk, encoding, callback) { callback(refuseConnection(...this._wanted)) } })
  this._wanted = ['nowhere']
  this.connecting = false
  this.remoteAddress = undefined
}
Object.setPrototypeOf(Socket.prototype, Duplex.prototype)
Object.setPrototypeOf(Socket, Duplex)
const chainable = () => function () { return this }
Object.assign(Socket.prototype, {
  connect(...args) {
    this._wanted = placeOf(args)
    const error = refuseConnection(...this._wanted)
    process.nextTick(() => this.destroy(error))
    return this
  },
  setNoDelay: chainable(), setKeepAlive: chainable(), setTimeout: chainable(), ref: chainable(), unref: chainable(),
  address: () => ({}),
})

/** Where a connection is to go, of what `connect` takes: options, a path, or a port and a host. */
function placeOf([first, second]) {
  if (Array.isArray(first)) [first, second] = first
  const options = typeof first === 'object' && first !== null ? first
    : Number.isInteger(Number(first)) ? { port: first, host: typeof second === 'string' ? second : undefined } : { path: first }
  if (options.path !== undefined && options.port === undefined) return [options.path]
  return [options.host ?? options.servername ?? 'localhost', options.port]
}

const connect = (...args) => new Socket().connect(...args)

class BlockList {
  #addresses = new Set()
  addAddress(address) { this.#addresses.add(address) }
  addRange() { throw unavailable('BlockList.addRange') }
  addSubnet() { throw unavailable('BlockList.addSubnet') }
  check(address) { return this.#addresses.has(address) }
}

export default {
  isIP, isIPv4, isIPv6, Socket, Stream: Socket, Server: NetServer, BlockList, connect, createConnection: connect,
  createServer: () => new NetServer(),
  SocketAddress: class SocketAddress {},
  getDefaultAutoSelectFamily: () => true, setDefaultAutoSelectFamily() {},
}
