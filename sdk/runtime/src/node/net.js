/** `node:net`: addresses are understood, connections are not to be had. */
import { unavailable } from '../errors.js'
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

const ADVICE = 'Use `pg` for the database, and `fetch` or `http` for other services.'

/** A function and not a class: packages call it as `Socket.call(this)`. */
export function Socket(options) {
  if (!(this instanceof Socket)) return new Socket(options)
  Duplex.call(this, { ...options, read() {}, write(chunk, encoding, callback) { callback(unavailable('A TCP connection', ADVICE)) } })
  this.connecting = false
  this.remoteAddress = undefined
}
Object.setPrototypeOf(Socket.prototype, Duplex.prototype)
Object.setPrototypeOf(Socket, Duplex)
const chainable = () => function () { return this }
Object.assign(Socket.prototype, {
  connect() {
    process.nextTick(() => this.destroy(unavailable('A TCP connection', ADVICE)))
    return this
  },
  setNoDelay: chainable(), setKeepAlive: chainable(), setTimeout: chainable(), ref: chainable(), unref: chainable(),
  address: () => ({}),
})

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
