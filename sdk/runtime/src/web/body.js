/** `Request` and `Response`, and the body that both have. */
import { engine } from '../engine.js'
import { STATUS_CODES } from '../http/tables.js'
import { Buffer } from '../node/buffer.js'
import { showAs } from '../node/inspect.js'
import { Blob } from './blob.js'
import { toBytes } from './encoding.js'
import { FormData, decodeForm, encodeForm } from './form_data.js'
import { Headers } from './headers.js'
import { ReadableStream } from './streams.js'
import { URL } from './url.js'
import { URLSearchParams } from './url_search_params.js'

/** Bytes, or a stream of them, and the content type that goes with it. */
function extract(body) {
  if (body === null || body === undefined) return { bytes: null }
  if (typeof body === 'string') return { bytes: engine.utf8Encode(body.toWellFormed()), type: 'text/plain;charset=UTF-8' }
  if (body instanceof URLSearchParams) {
    return { bytes: engine.utf8Encode(body.toString()), type: 'application/x-www-form-urlencoded;charset=UTF-8' }
  }
  if (body instanceof FormData) return encodeForm(body)
  if (body instanceof Blob) return { bytes: Blob.bytesOf(body), type: body.type || undefined }
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return { bytes: toBytes(body).slice() }
  if (body instanceof ReadableStream) return { stream: body }
  if (typeof body[Symbol.asyncIterator] === 'function') return { stream: ReadableStream.from(body) }
  return { bytes: engine.utf8Encode(`${body}`), type: 'text/plain;charset=UTF-8' }
}

function streamOf(bytes) {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}

class Body {
  #bytes
  #stream
  #used = false

  /** Set by the subclasses, which know the content type of what they were given. */
  static init(body, given) {
    const { bytes = null, stream, type } = extract(given)
    body.#bytes = bytes
    body.#stream = stream
    return type
  }

  /** What to send: bytes when all are known, else a stream; marks the body as used. */
  static take(body) {
    if (body.bodyUsed) throw new TypeError('Body is unusable: Body has already been read')
    if (body.#bytes === null && !body.#stream) return { bytes: null }
    body.#used = true
    return body.#stream ? { stream: body.#stream } : { bytes: body.#bytes }
  }

  static copy(from, to) {
    if (from.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.')
    to.#bytes = from.#bytes
    if (from.#stream) [from.#stream, to.#stream] = from.#stream.tee()
  }

  get body() {
    if (!this.#stream && this.#bytes !== null) this.#stream = streamOf(this.#bytes)
    return this.#stream ?? null
  }

  get bodyUsed() { return this.#used || Boolean(this.#stream?._disturbed || (this.#stream?.locked && this.#bytes === null)) }

  async bytes() {
    if (this.bodyUsed || this.#stream?.locked) throw new TypeError('Body is unusable: Body has already been read')
    if (this.#bytes === null && !this.#stream) return new Uint8Array(0)
    this.#used = true
    if (!this.#stream) return this.#bytes
    const chunks = []
    const reader = this.#stream.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (!(value instanceof Uint8Array)) throw new TypeError('A body must be a stream of bytes')
      chunks.push(value)
    }
    return new Uint8Array(Buffer.concat(chunks))
  }

  async arrayBuffer() { return (await this.bytes()).slice().buffer }
  async text() { return engine.utf8Decode(await this.bytes(), false).replace(/^\ufeff/, '') }
  async json() { return JSON.parse(await this.text()) }
  async blob() { return new Blob([await this.bytes()], { type: this.headers.get('content-type') ?? '' }) }
  async formData() { return decodeForm(await this.bytes(), this.headers.get('content-type') ?? '') }
}

const { init, take, copy } = Body
export { take }

export class Request extends Body {
  #url
  #settings

  constructor(input, options = {}) {
    super()
    const from = input instanceof Request ? input : undefined
    try {
      this.#url = new URL(from ? from.url : `${input}`)
    } catch (cause) {
      throw new TypeError(`Failed to parse URL from ${input}`, { cause })
    }
    if (this.#url.username || this.#url.password) throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${input}`)
    const method = `${options.method ?? from?.method ?? 'GET'}`
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method)) throw new TypeError(`'${method}' is not a valid HTTP method.`)
    if (/^(connect|trace|track)$/i.test(method)) throw new TypeError(`'${method}' HTTP method is unsupported.`)
    this.#settings = {
      method: /^(get|head|post|put|delete|options)$/i.test(method) ? method.toUpperCase() : method,
      signal: options.signal ?? from?.signal ?? new AbortController().signal,
      redirect: options.redirect ?? from?.redirect ?? 'follow',
      headers: new Headers(options.headers ?? from?.headers),
    }
    if (options.body !== undefined && options.body !== null) {
      if (this.method === 'GET' || this.method === 'HEAD') throw new TypeError('Request with GET/HEAD method cannot have body.')
      const type = init(this, options.body)
      if (type && !this.headers.has('content-type')) this.headers.set('content-type', type)
    } else if (from) {
      const { bytes, stream } = take(from)
      init(this, stream ?? bytes)
    } else {
      init(this, null)
    }
  }

  get url() { return this.#url.href }
  get method() { return this.#settings.method }
  get headers() { return this.#settings.headers }
  get signal() { return this.#settings.signal }
  get redirect() { return this.#settings.redirect }
  get mode() { return 'cors' }
  get credentials() { return 'same-origin' }
  get cache() { return 'default' }
  get referrer() { return 'about:client' }
  get referrerPolicy() { return '' }
  get integrity() { return '' }
  get keepalive() { return false }
  get isReloadNavigation() { return false }
  get isHistoryNavigation() { return false }
  get destination() { return '' }
  get duplex() { return 'half' }

  clone() {
    const request = new Request(this.url, { method: this.method, headers: this.headers, signal: this.signal, redirect: this.redirect })
    copy(this, request)
    return request
  }
}
Object.defineProperty(Request.prototype, Symbol.toStringTag, { value: 'Request', configurable: true })
showAs(Request, ['method', 'url', 'headers', 'destination', 'referrer', 'referrerPolicy', 'mode', 'credentials', 'cache', 'redirect', 'integrity',
  'keepalive', 'isReloadNavigation', 'isHistoryNavigation', 'signal'])

export class Response extends Body {
  #head

  constructor(body = null, options = {}) {
    super()
    const status = options.status ?? 200
    if (!(status >= 200 && status <= 599)) throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.')
    this.#head = { status, statusText: `${options.statusText ?? ''}`, headers: new Headers(options.headers), url: '', redirected: false, type: 'default' }
    if (body !== null && [204, 205, 304].includes(status)) throw new TypeError(`Response with null body status (${status}) cannot have body`)
    const type = init(this, body)
    if (type && !this.headers.has('content-type')) this.headers.set('content-type', type)
  }

  /** What the network answered. */
  static received({ status, message, pairs, url, redirected }, stream) {
    const response = new Response([204, 205, 304].includes(status) ? null : stream)
    response.#head = { status, statusText: message ?? STATUS_CODES[status] ?? '', headers: Headers.ofPairs(pairs), url, redirected, type: 'basic' }
    return response
  }

  static error() {
    const response = new Response(null)
    response.#head = { ...response.#head, status: 0, type: 'error' }
    return response
  }

  static json(data, options = {}) {
    const text = JSON.stringify(data)
    if (text === undefined) throw new TypeError('Value is not JSON serializable')
    const headers = new Headers(options.headers)
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    return new Response(text, { ...options, headers })
  }

  static redirect(url, status = 302) {
    if (![301, 302, 303, 307, 308].includes(status)) throw new RangeError(`Invalid status code ${status}`)
    return new Response(null, { status, headers: { location: new URL(url).href } })
  }

  get status() { return this.#head.status }
  get ok() { return this.status >= 200 && this.status < 300 }
  get statusText() { return this.#head.statusText }
  get headers() { return this.#head.headers }
  get url() { return this.#head.url }
  get redirected() { return this.#head.redirected }
  get type() { return this.#head.type }

  clone() {
    const response = new Response(null)
    copy(this, response)
    response.#head = { ...this.#head, headers: new Headers(this.headers) }
    return response
  }
}
showAs(Response, ['status', 'statusText', 'headers', 'body', 'bodyUsed', 'ok', 'redirected', 'type', 'url'])
Object.defineProperty(Response.prototype, Symbol.toStringTag, { value: 'Response', configurable: true })
