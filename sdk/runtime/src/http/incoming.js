/** `http.IncomingMessage`: a request that a server received, or a response that a client received. */
import { settle } from '../loop/uncaught.js'
import { asBuffer } from '../node/buffer.js'
import { Readable } from '../node/stream.js'
import { bodyError, hungUp } from './failures.js'
import { distinctHeadersOf, headersOf } from './headers.js'

const CHUNK = 65536
const kSource = Symbol('source')
const kReading = Symbol('reading')

/**
 * A function and not a class: Express makes objects on this prototype and sets
 * them as the prototype of live requests.
 */
export function IncomingMessage(socket) {
  Readable.call(this, { highWaterMark: CHUNK })
  this.socket = socket
  this.httpVersionMajor = 1
  this.httpVersionMinor = 1
  this.httpVersion = '1.1'
  this.complete = false
  this.headers = {}
  this.rawHeaders = []
  this.trailers = {}
  this.rawTrailers = []
  this.joinDuplicateHeaders = false
  this.aborted = false
  this.upgrade = null
  this.url = ''
  this.method = null
  this.statusCode = null
  this.statusMessage = null
  this.client = socket
  this._consuming = false
  this._dumped = false
  this[kSource] = undefined
  this[kReading] = false
}
Object.setPrototypeOf(IncomingMessage.prototype, Readable.prototype)
Object.setPrototypeOf(IncomingMessage, Readable)

Object.defineProperty(IncomingMessage.prototype, 'connection', {
  configurable: true,
  get() { return this.socket },
  set(socket) { this.socket = socket },
})

Object.defineProperty(IncomingMessage.prototype, 'headersDistinct', {
  configurable: true,
  get() { return distinctHeadersOf(this.rawHeaders) },
})

Object.defineProperty(IncomingMessage.prototype, 'trailersDistinct', {
  configurable: true,
  get() { return distinctHeadersOf(this.rawTrailers) },
})

/** Gives a message its headers and where its body comes from. */
export function fill(message, pairs, source, headers = headersOf(pairs)) {
  message.rawHeaders = pairs
  message.headers = headers
  message[kSource] = source
}

IncomingMessage.prototype._read = function _read() {
  const source = this[kSource]
  if (this[kReading]) return
  if (!source) {
    this.complete = true
    this.push(null)
    return
  }
  this[kReading] = true
  this._consuming = true
  settle(source.read(CHUNK), (bytes) => {
    this[kReading] = false
    // Who reads a source to its end has let go of it: the number of a closed stream is the next one's.
    if (bytes === null) this[kSource] = undefined
    if (this.destroyed) return
    if (bytes === null) {
      this.complete = true
      this.push(null)
    } else {
      this.push(asBuffer(bytes))
    }
  }, (error) => {
    this[kReading] = false
    this[kSource] = undefined
    this.destroy(bodyError(error))
  })
}

IncomingMessage.prototype._destroy = function _destroy(error, callback) {
  if (!this.readableEnded || !this.complete) {
    this.aborted = true
    this.emit('aborted')
  }
  giveUp(this)
  if (!error && !this.readableEnded && !this.complete && this.statusCode !== null) {
    error = hungUp('aborted')
  }
  // A request that nobody reads to its end is no error unless somebody listens for one.
  if (error && this.listenerCount('error') === 0) error = null
  process.nextTick(callback, error)
}

IncomingMessage.prototype.setTimeout = function setTimeout(ms, callback) {
  if (callback) this.on('timeout', callback)
  return this
}

IncomingMessage.prototype._dump = function _dump() {
  if (this._dumped) return
  this._dumped = true
  giveUp(this)
  this.complete = true
  this.resume()
}

function giveUp(message) {
  message[kSource]?.close()
  message[kSource] = undefined
}
