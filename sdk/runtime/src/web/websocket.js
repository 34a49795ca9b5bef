/** `WebSocket`: what packages look for. A bot has no connections that last, so each one fails as an unreachable server would. */
import { DOMException } from './dom_exception.js'
import { Event, EventTarget, handlerProperty } from './events.js'
import { URL } from './url.js'

const WHY = 'A WebSocket is not available in Roost: a bot lives for an event, and connections do not outlast it. Use the service\'s HTTP API instead.'

export class ErrorEvent extends Event {
  constructor(type, { message = '', error = null, ...options } = {}) {
    super(type, options)
    Object.assign(this, { message, error })
  }
}

export class CloseEvent extends Event {
  constructor(type, { code = 0, reason = '', wasClean = false, ...options } = {}) {
    super(type, options)
    Object.assign(this, { code, reason, wasClean })
  }
}

export class WebSocket extends EventTarget {
  #url
  #state = 0
  binaryType = 'blob'

  constructor(url, protocols = []) {
    super()
    if (arguments.length === 0) throw new TypeError('WebSocket constructor: 1 argument required, but only 0 present.')
    const parsed = URL.parse(`${url}`)
    if (!parsed || !/^(wss?|https?):$/.test(parsed.protocol)) throw new DOMException(`Invalid WebSocket URL: ${url}`, 'SyntaxError')
    if (parsed.hash) throw new DOMException('Got fragment', 'SyntaxError')
    parsed.protocol = parsed.protocol.replace('http', 'ws')
    const names = [].concat(typeof protocols === 'object' && !Array.isArray(protocols) ? protocols?.protocols ?? [] : protocols)
    if (new Set(names.map((name) => `${name}`.toLowerCase())).size !== names.length) throw new DOMException('Invalid Sec-WebSocket-Protocol value', 'SyntaxError')
    this.#url = parsed.href
    queueMicrotask(() => this.#fail())
  }

  get url() { return this.#url }
  get readyState() { return this.#state }
  get protocol() { return '' }
  get extensions() { return '' }
  get bufferedAmount() { return 0 }

  send() {
    if (this.#state === WebSocket.CONNECTING) throw new DOMException('Sent before connected.', 'InvalidStateError')
  }

  close() {
    if (this.#state === WebSocket.CONNECTING) this.#state = WebSocket.CLOSING
  }

  #fail() {
    this.#state = WebSocket.CLOSED
    const error = Object.assign(new Error(`${WHY} (${this.#url})`), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' })
    this.dispatchEvent(new ErrorEvent('error', { message: error.message, error }))
    this.dispatchEvent(new CloseEvent('close', { code: 1006, reason: '', wasClean: false }))
  }
}
for (const [value, name] of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].entries()) {
  for (const owner of [WebSocket, WebSocket.prototype]) Object.defineProperty(owner, name, { value, enumerable: true })
}
for (const type of ['open', 'message', 'error', 'close']) handlerProperty(WebSocket.prototype, type)
Object.defineProperty(WebSocket.prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true })
