/** `http.ServerResponse`. */
import { codedError, outOfRange } from '../errors.js'
import { OutgoingMessage, attach, close, pairsOf, putHeader } from './outgoing.js'
import { STATUS_CODES } from './tables.js'
import { validateHeaderName, validateHeaderValue } from './headers.js'

/** Marks what the runtime answers in a failed bot's place; `host/runs/web.rs` looks for it. */
const STAND_IN = 'X-Roost-Stand-In'

/** Responses that were not begun yet, so that a fatal error can answer for them. */
const unanswered = new Set()

/** A function and not a class: see IncomingMessage. */
export function ServerResponse(req, options) {
  OutgoingMessage.call(this, options)
  if (req?.method === 'HEAD') this._hasBody = false
  this.req = req
  this.statusCode = 200
  this.statusMessage = undefined
  this.sendDate = true
}
Object.setPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype)
Object.setPrototypeOf(ServerResponse, OutgoingMessage)

/**
 * Connects a response with who waits for it.
 *
 * @param {(status: number, message: string, pairs: string[], hasBody: boolean) => object} send
 */
export function connect(response, send) {
  unanswered.add(response)
  attach(response, (hasBody) => {
    unanswered.delete(response)
    return send(response.statusCode, response.statusMessage, pairsOf(response), hasBody)
  })
}

/** Whether a request waits for its answer. */
export function waitsForAnswer() {
  return [...unanswered].some((response) => !response.destroyed)
}

/**
 * Answers every request that nobody answered, because the bot has failed. The header tells the host that it is not the
 * bot's answer: on Node there would be none.
 */
export function failUnanswered() {
  for (const response of unanswered) {
    unanswered.delete(response)
    if (response._header || response.destroyed) continue
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    // Express may have put its own methods in front of these.
    ServerResponse.prototype.writeHead.call(response, 500, { 'Content-Type': 'text/plain; charset=utf-8', [STAND_IN]: '1' })
    OutgoingMessage.prototype.end.call(response, 'Internal Server Error')
  }
}

Object.assign(ServerResponse.prototype, {
  assignSocket(socket) {
    socket._httpMessage = this
    this.socket = socket
    this.emit('socket', socket)
  },

  detachSocket(socket) {
    socket._httpMessage = null
    this.socket = null
  },

  writeContinue(callback) { if (callback) process.nextTick(callback) },
  writeProcessing() {},
  writeEarlyHints(hints, callback) { if (callback) process.nextTick(callback) },

  _implicitHeader() { this.writeHead(this.statusCode) },

  writeHead(status, reason, headers) {
    if (this._header) {
      throw codedError(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot write headers after they are sent to the client')
    }
    const code = status | 0
    if (code < 100 || code > 999) throw codedError(RangeError, 'ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${status}`)
    if (typeof reason === 'string') this.statusMessage = reason
    else {
      headers ??= reason
      this.statusMessage ||= STATUS_CODES[code] ?? 'unknown'
    }
    this.statusCode = code
    putAll(this, headers)

    if (code === 204 || code === 304 || code < 200) this._hasBody = false
    else if (!this.hasHeader('content-length') && !this.hasHeader('transfer-encoding') && !this._removedContLen &&
        this._contentLength !== null && this._hasBody) {
      putHeader(this, 'Content-Length', String(this._contentLength))
    }
    this._header = `HTTP/1.1 ${code} ${this.statusMessage}\r\n\r\n`
    return this
  },

  _afterFinish() {
    const { req, socket } = this
    if (req && !req.complete && !req._consuming) req._dump()
    if (socket) this.detachSocket(socket)
    close(this)
  },
})
ServerResponse.prototype.writeHeader = ServerResponse.prototype.writeHead

function putAll(response, headers) {
  if (!headers) return
  if (!Array.isArray(headers)) {
    for (const name of Object.keys(headers)) {
      if (name) response.setHeader(name, headers[name])
    }
    return
  }
  const flat = Array.isArray(headers[0]) ? headers.flat() : headers
  if (flat.length % 2 !== 0) throw outOfRange('headers', 'a list of names and values in turn', headers)
  const given = new Map()
  for (let i = 0; i < flat.length; i += 2) {
    validateHeaderName(flat[i])
    validateHeaderValue(flat[i], flat[i + 1])
    const key = String(flat[i]).toLowerCase()
    given.set(key, given.has(key) ? [].concat(given.get(key), flat[i + 1]) : flat[i + 1])
  }
  for (const [name, value] of given) response.setHeader(name, value)
}
