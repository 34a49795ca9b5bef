/** `http.OutgoingMessage`: headers and a body on their way out, with Node's order of events. */
import { codedError, invalidArgType, systemError } from '../errors.js'
import { settle } from '../loop/uncaught.js'
import { Buffer } from '../node/buffer.js'
import { Stream } from '../node/stream.js'
import { isPlainValue, validateHeaderName } from './headers.js'

const HIGH_WATER = 65536
const kHeaders = Symbol('headers')
const kQueue = Symbol('queue')
const kState = Symbol('state')

/** A function and not a class: see IncomingMessage. */
export function OutgoingMessage(options) {
  Stream.call(this)
  this.destroyed = false
  this.finished = false
  this.writable = true
  this.chunkedEncoding = false
  this.shouldKeepAlive = true
  this.useChunkedEncodingByDefault = true
  this.sendDate = false
  this.strictContentLength = false
  this.socket = null
  this.errored = null
  this._header = null
  this._contentLength = null
  this._hasBody = true
  this._closed = false
  this._removedConnection = false
  this._removedContLen = false
  this._removedTE = false
  this._sent100 = false
  this._expect_continue = false
  this._keepAliveTimeout = 0
  this._defaultKeepAlive = true
  // Whether the message goes on when nobody reads its body any more.
  this._outlivesReader = false
  this[kHeaders] = new Map()
  this[kQueue] = []
  this[kState] = {
    wire: undefined, begun: false, busy: false, length: 0, needDrain: false, corked: 0, finished: false, unread: false, isPlain: true, inUtf8: false,
    highWaterMark: options?.highWaterMark ?? HIGH_WATER, written: 0,
  }
}
Object.setPrototypeOf(OutgoingMessage.prototype, Stream.prototype)
Object.setPrototypeOf(OutgoingMessage, Stream)

const getters = {
  connection() { return this.socket },
  headersSent() { return Boolean(this._header) },
  writableEnded() { return this.finished },
  writableFinished() { return this[kState].finished },
  writableObjectMode: () => false,
  writableLength() { return this[kState].length },
  writableHighWaterMark() { return this[kState].highWaterMark },
  writableCorked() { return this[kState].corked },
  writableNeedDrain() { return !this.destroyed && !this.finished && this[kState].needDrain },
  closed() { return this._closed },
}
for (const [name, get] of Object.entries(getters)) {
  Object.defineProperty(OutgoingMessage.prototype, name, { get, set() {}, configurable: true, enumerable: true })
}

Object.assign(OutgoingMessage.prototype, {
  setHeader(name, value) {
    refuseWhenSent(this, 'set')
    validateHeaderName(name)
    if (Array.isArray(value)) {
      for (const item of value) if (!isPlainValue(name, item)) this[kState].isPlain = false
    } else if (!isPlainValue(name, value)) {
      this[kState].isPlain = false
    }
    this[kHeaders].set(name.toLowerCase(), [name, value])
    return this
  },

  setHeaders(headers) {
    refuseWhenSent(this, 'set')
    for (const [name, value] of headers) {
      if (name.toLowerCase() === 'set-cookie') this.appendHeader(name, value)
      else this.setHeader(name, value)
    }
    return this
  },

  appendHeader(name, value) {
    refuseWhenSent(this, 'append')
    const existing = this[kHeaders].get(`${name}`.toLowerCase())
    if (!existing) return this.setHeader(name, value)
    return this.setHeader(existing[0], [].concat(existing[1], value))
  },

  getHeader(name) {
    if (typeof name !== 'string') throw invalidArgType('name', 'string', name)
    return this[kHeaders].get(name.toLowerCase())?.[1]
  },

  getHeaders() {
    const headers = { __proto__: null }
    for (const [name, [, value]] of this[kHeaders]) headers[name] = value
    return headers
  },

  getHeaderNames() { return [...this[kHeaders].keys()] },
  getRawHeaderNames() { return [...this[kHeaders].values()].map(([name]) => name) },
  hasHeader(name) { return this[kHeaders].has(`${name}`.toLowerCase()) },

  removeHeader(name) {
    refuseWhenSent(this, 'remove')
    if (typeof name !== 'string') throw invalidArgType('name', 'string', name)
    this[kHeaders].delete(name.toLowerCase())
    if (name.toLowerCase() === 'content-length') this._removedContLen = true
  },

  write(chunk, encoding, callback) {
    if (typeof encoding === 'function') [callback, encoding] = [encoding, undefined]
    return writeChunk(this, chunk, encoding, callback)
  },

  end(chunk, encoding, callback) {
    if (typeof chunk === 'function') [callback, chunk, encoding] = [chunk, undefined, undefined]
    else if (typeof encoding === 'function') [callback, encoding] = [encoding, undefined]

    if (this.finished) {
      if (callback) {
        const error = this[kState].finished ? codedError(Error, 'ERR_STREAM_ALREADY_FINISHED', 'Cannot call end after a stream was finished')
          : codedError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end')
        process.nextTick(callback, error)
      }
      return this
    }
    if (callback) this.once('finish', callback)
    if (chunk !== undefined && chunk !== null) {
      const bytes = toBytes(chunk, encoding)
      if (!this._header) this._contentLength = bytes.length
      joinHead(this, chunk, encoding)
      writeChunk(this, bytes, undefined, undefined)
    } else if (!this._header) {
      this._contentLength = 0
      this._implicitHeader()
    }
    this.finished = true
    this[kState].corked = 0
    pump(this)
    return this
  },

  flushHeaders() {
    if (!this._header) this._implicitHeader()
    begin(this)
  },

  _implicitHeader() {
    throw codedError(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The _implicitHeader() method is not implemented')
  },

  _send(data, encoding, callback) { return this.write(data, encoding, callback) },
  cork() { this[kState].corked++ },

  uncork() {
    if (this[kState].corked > 0 && --this[kState].corked === 0) pump(this)
  },

  pipe() {
    this.emit('error', codedError(Error, 'ERR_STREAM_CANNOT_PIPE', 'Cannot pipe, not readable'))
  },

  setTimeout(ms, callback) {
    this.timeout = ms
    if (callback) this.on('timeout', callback)
    return this
  },

  addTrailers() {},

  destroy(error) {
    if (this.destroyed) return this
    abandon(this, error)
    process.nextTick(close, this, error)
    return this
  },
})

/** The headers as flat pairs, in the case they were set in; each character of a value is a byte. */
export function pairsOf(message) {
  const pairs = []
  const { isPlain } = message[kState]
  for (const [key, [name, value]] of message[kHeaders]) {
    for (const item of Array.isArray(value) ? value : [value]) {
      const text = String(item)
      pairs.push(name, isPlain ? text : bytesOf(message, key, text))
    }
  }
  return pairs
}

function bytesOf(message, key, text) {
  if (!NOT_ASCII.test(text)) return text
  // Node reads this one as UTF-8 where it knows the length, whatever it is in.
  const length = message[kHeaders].get('content-length')?.[1] ?? message._contentLength
  if (key === 'content-disposition' && length > 0) text = Buffer.from(text, 'latin1').toString()
  return Buffer.from(text, message[kState].inUtf8 ? 'utf8' : 'latin1').toString('latin1')
}

// eslint-disable-next-line no-control-regex
const NOT_ASCII = /[^\u0000-\u007f]/

/** Node writes the head and a first piece of text as one, so that the head is in UTF-8 too; otherwise it is in latin1. */
function joinHead(message, chunk, encoding) {
  const state = message[kState]
  if (state.isPlain || state.begun || message[kQueue].length > 0 || typeof chunk !== 'string' || chunk === '') return
  state.inUtf8 = !encoding || /^utf-?8$/i.test(encoding)
}

/** Puts a header behind the back of `setHeader`'s checks. */
export function putHeader(message, name, value) {
  message[kHeaders].set(name.toLowerCase(), [name, value])
}

/** Says where the message goes. `open(hasBody)` sends the head and gives `{write, end, abort}`. */
export function attach(message, open) {
  message[kState].open = open
  pump(message)
}

function refuseWhenSent(message, verb) {
  if (message._header) {
    throw codedError(Error, 'ERR_HTTP_HEADERS_SENT', `Cannot ${verb} headers after they are sent to the client`)
  }
}

function toBytes(chunk, encoding) {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding)
  if (chunk instanceof Uint8Array) return chunk
  throw invalidArgType('chunk', 'of type string or an instance of Buffer or Uint8Array', chunk)
}

function writeChunk(message, chunk, encoding, callback) {
  if (chunk === null) throw codedError(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream')
  const bytes = toBytes(chunk, encoding)
  const refused = message.finished ? codedError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end')
    : message.destroyed ? destroyedError()
      : undefined
  if (refused) {
    process.nextTick(() => {
      callback?.(refused)
      if (message.finished && !message.destroyed && message.listenerCount('error') > 0) message.emit('error', refused)
    })
    return false
  }

  if (!message._header) message._implicitHeader()
  const state = message[kState]
  if (message[kHeaders].has('content-length')) joinHead(message, chunk, encoding)
  if (!message._hasBody || bytes.length === 0) {
    if (callback) process.nextTick(callback)
    pump(message)
    return true
  }
  message[kQueue].push({ bytes, callback })
  state.length += bytes.length
  pump(message)
  const room = state.length < state.highWaterMark
  if (!room) state.needDrain = true
  return room
}

/** Sends the head, if it was not sent. */
function begin(message) {
  const state = message[kState]
  if (state.begun || !message._header || !state.open) return state.begun
  state.begun = true
  // A body that is known to be empty needs no stream.
  const hasBody = message._hasBody && !(message.finished && message[kQueue].length === 0)
  state.wire = state.open(hasBody)
  return true
}

function pump(message) {
  const state = message[kState]
  if (state.busy || state.corked > 0 || state.finished || message.destroyed) return
  // The head waits for the rest of this call: `end(text)` is one write, and needs no stream when it is empty.
  if (!state.begun && !message.finished && !state.scheduled) {
    state.scheduled = true
    process.nextTick(pump, message)
    return
  }
  if (!begin(message)) return

  const queue = message[kQueue]
  if (queue.length > 0) {
    const taken = queue.splice(0)
    const bytes = taken.length === 1 ? taken[0].bytes : Buffer.concat(taken.map((item) => item.bytes))
    state.busy = true
    const sent = state.unread ? Promise.resolve(false) : state.wire.write(bytes)
    settle(sent, (open) => {
      state.busy = false
      state.length -= bytes.length
      state.written += bytes.length
      if (!open && !message._outlivesReader) return hangUp(message)
      state.unread = !open
      const lost = message.destroyed ? destroyedError() : undefined
      for (const { callback } of taken) callback?.(lost)
      if (state.needDrain && state.length === 0 && !message.finished) {
        state.needDrain = false
        message.emit('drain')
      }
      pump(message)
    }, (error) => {
      state.busy = false
      message.destroy(error)
    })
    return
  }
  if (message.finished) {
    state.wire.end()
    state.busy = true
    process.nextTick(finish, message)
  }
}

function finish(message) {
  if (message.destroyed || message[kState].finished) return
  message[kState].finished = true
  message.emit('prefinish')
  message.emit('finish')
  message._afterFinish?.()
}

/** Tells of the end of a message of which nothing is left to hand over, should that not have been told. */
export function finishWhatIsSent(message) {
  const { begun, finished } = message[kState]
  if (message.finished && begun && !finished && message[kQueue].length === 0) finish(message)
}

/** Gives up what was not sent. The events that follow are for the caller to emit. */
export function abandon(message, error) {
  message.destroyed = true
  message.errored = error ?? null
  message[kState].wire?.abort()
  message.socket?.destroy(error)
  for (const { callback } of message[kQueue].splice(0)) if (callback) process.nextTick(callback, error ?? destroyedError())
}

function destroyedError() {
  return codedError(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed')
}

/** The other side has gone: no 'finish', only 'close'. */
export function hangUp(message) {
  for (const { callback } of message[kQueue].splice(0)) callback?.(systemError('EPIPE', 'the other side has gone', 'write'))
  message.destroyed = true
  message.socket?.destroy()
  close(message)
}

export function close(message, error) {
  if (message._closed) return
  message._closed = true
  message.writable = false
  if (error && message.listenerCount('error') > 0) message.emit('error', error)
  message.emit('close')
}
