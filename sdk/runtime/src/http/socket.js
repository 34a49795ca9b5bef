/** What stands for a connection: the bot sees a socket, though the bytes are the host's. */
import { EventEmitter } from '../node/events.js'

/**
 * A function and not a class, because packages reparent what hangs on requests.
 * Both `readable` and `writable` must be true: on-finished takes a request for
 * over when they are not, and body-parser then skips its body.
 */
export function Connection({ encrypted = false, remoteAddress = '127.0.0.1', localPort = 80 } = {}) {
  EventEmitter.call(this)
  this.readable = true
  this.writable = true
  this.destroyed = false
  this.connecting = false
  this.encrypted = encrypted
  if (encrypted) this.authorized = true
  this.remoteAddress = remoteAddress
  this.remoteFamily = remoteAddress.includes(':') ? 'IPv6' : 'IPv4'
  this.remotePort = 40000
  this.localAddress = '127.0.0.1'
  this.localPort = localPort
  this.bytesRead = 0
  this.bytesWritten = 0
  this.parser = null
}
Object.setPrototypeOf(Connection.prototype, EventEmitter.prototype)

const chainable = () => function () { return this }

Object.assign(Connection.prototype, {
  setNoDelay: chainable(), setKeepAlive: chainable(), ref: chainable(), unref: chainable(), pause: chainable(),
  resume: chainable(), setEncoding: chainable(), cork() {}, uncork() {},
  write: () => true,
  address() { return { address: this.localAddress, family: 'IPv4', port: this.localPort } },
  getPeerCertificate: () => ({}),
  getCipher: () => ({ name: 'TLS_AES_128_GCM_SHA256', version: 'TLSv1.3' }),
  end() { this.destroy(); return this },
  destroySoon() { this.destroy() },
  // Idle time is the host's to measure: its deadlines end what takes too long.
  setTimeout(ms, callback) {
    this.timeout = ms
    if (callback) this.once('timeout', callback)
    return this
  },
  destroy(error) {
    if (this.destroyed) return this
    this.destroyed = true
    this.readable = this.writable = false
    process.nextTick(() => {
      if (error && this.listenerCount('error') > 0) this.emit('error', error)
      this.emit('close', Boolean(error))
    })
    return this
  },
})
