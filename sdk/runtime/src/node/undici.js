/** `undici`: its requests, streams and dispatchers over the host's HTTP. What needs sockets of one's own says so when it is used. */
import { codedError, unavailable } from '../errors.js'
import { ClientRequest } from '../http/client.js'
import { clearTimeout, setTimeout } from '../loop/timers.js'
import { Request, Response } from '../web/body.js'
import { fetch } from '../web/fetch.js'
import { FormData } from '../web/form_data.js'
import { Headers } from '../web/headers.js'
import { URL } from '../web/url.js'
import { CloseEvent, ErrorEvent, WebSocket } from '../web/websocket.js'
import { Buffer } from './buffer.js'
import { EventEmitter } from './events.js'
import { Readable } from './stream.js'

/** How many redirects a composed dispatcher follows: they are followed where the request is known whole. */
const kRedirects = Symbol('redirects')
const REDIRECTS = [300, 301, 302, 303, 307, 308]

class UndiciError extends Error {
  constructor(message, options) {
    super(message, options)
    this.name = this.constructor.name
    this.code = 'UND_ERR'
  }
}

const errorClass = (name, code, text, Base = UndiciError) => ({
  [name]: class extends Base {
    constructor(message = text, ...more) {
      super(message, ...more)
      this.name = name
      this.code = code
    }
  },
})[name]

const errors = {
  UndiciError,
  AbortError: errorClass('AbortError', 'UND_ERR_ABORT', 'The operation was aborted'),
  BodyTimeoutError: errorClass('BodyTimeoutError', 'UND_ERR_BODY_TIMEOUT', 'Body Timeout Error'),
  ClientClosedError: errorClass('ClientClosedError', 'UND_ERR_CLOSED', 'The client is closed'),
  ClientDestroyedError: errorClass('ClientDestroyedError', 'UND_ERR_DESTROYED', 'The client is destroyed'),
  ConnectTimeoutError: errorClass('ConnectTimeoutError', 'UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error'),
  HeadersTimeoutError: errorClass('HeadersTimeoutError', 'UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error'),
  InvalidArgumentError: errorClass('InvalidArgumentError', 'UND_ERR_INVALID_ARG', 'Invalid Argument Error'),
  InvalidReturnValueError: errorClass('InvalidReturnValueError', 'UND_ERR_INVALID_RETURN_VALUE', 'Invalid Return Value Error'),
  NotSupportedError: errorClass('NotSupportedError', 'UND_ERR_NOT_SUPPORTED', 'Not Supported error'),
  RequestAbortedError: errorClass('AbortError', 'UND_ERR_ABORTED', 'Request aborted'),
  ResponseStatusCodeError: class ResponseStatusCodeError extends UndiciError {
    constructor(message, status, headers, body) {
      super(message)
      Object.assign(this, { code: 'UND_ERR_RESPONSE_STATUS_CODE', status, statusCode: status, headers, body })
    }
  },
  SocketError: errorClass('SocketError', 'UND_ERR_SOCKET', 'Socket error'),
}

/** What Node's client says of a failure, in undici's words. */
function failure(error) {
  if (error?.code === 'ECONNRESET') return new errors.SocketError('other side closed', { cause: error })
  if (error?.code === 'ETIMEDOUT') return error.syscall === 'connect' ? new errors.ConnectTimeoutError() : new errors.HeadersTimeoutError()
  return error
}

function targetOf(url, { path, query, origin } = {}) {
  const target = url instanceof URL || typeof url === 'string' ? new URL(url)
    : new URL(url.path ?? '/', url.origin ?? `${url.protocol}//${url.hostname}${url.port ? `:${url.port}` : ''}`)
  if (!/^https?:$/.test(target.protocol)) throw new errors.InvalidArgumentError('Invalid URL protocol: the URL must start with `http:` or `https:`.')
  const whole = path === undefined ? target : new URL(path, origin ?? target.origin)
  for (const [name, value] of Object.entries(query ?? {})) for (const item of [].concat(value)) whole.searchParams.append(name, item)
  return whole
}

function pairsOf(headers) {
  if (headers === undefined || headers === null) return []
  if (Array.isArray(headers)) return headers.flat()
  const entries = typeof headers[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers)
  return entries.filter(([, value]) => value !== undefined).flatMap(([name, value]) => [].concat(value).flatMap((item) => [name, String(item)]))
}

/** A body as a stream or bytes, and the headers that go with it. */
function bodyOf(body) {
  if (body === undefined || body === null) return {}
  if (typeof body === 'string') return { bytes: Buffer.from(body) }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { bytes: Buffer.from(body.buffer ?? body, body.byteOffset, body.byteLength) }
  if (typeof body.pipe === 'function') return { stream: body }
  if (body instanceof FormData || typeof body.arrayBuffer === 'function') {
    const made = new Response(body)
    return { stream: Readable.fromWeb(made.body), type: made.headers.get('content-type') ?? undefined }
  }
  if (typeof body.getReader === 'function') return { stream: Readable.fromWeb(body) }
  if (typeof body[Symbol.asyncIterator] === 'function' || typeof body[Symbol.iterator] === 'function') return { stream: Readable.from(body) }
  throw new errors.InvalidArgumentError('body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable')
}

/** Headers as undici gives them: a text, or a list where a name occurs more than once. */
function headersOf(pairs) {
  const headers = {}
  for (let i = 0; i < pairs.length; i += 2) {
    const name = String(pairs[i]).toLowerCase()
    const value = String(pairs[i + 1])
    headers[name] = name in headers ? [].concat(headers[name], value) : name === 'set-cookie' ? [value] : value
  }
  return headers
}

/** Calls a handler of either generation: `onHeaders` and so on, or `onResponseStart` and so on with a controller. */
function callsOf(handler, control) {
  if (typeof handler.onRequestStart !== 'function') {
    return {
      start: () => handler.onConnect?.((reason) => control.abort(reason)),
      head: (status, raw, message) => handler.onHeaders?.(status, raw.map((text) => Buffer.from(text, 'latin1')), () => control.resume(), message),
      data: (chunk) => handler.onData?.(chunk),
      end: () => handler.onComplete?.([]),
      fail: (error) => handler.onError?.(error),
    }
  }
  const controller = {
    get paused() { return control.paused }, get aborted() { return control.aborted }, get reason() { return control.reason },
    get rawHeaders() { return control.rawHeaders }, rawTrailers: [],
    pause: () => control.pause(), resume: () => control.resume(), abort: (reason) => control.abort(reason),
  }
  return {
    start: () => handler.onRequestStart(controller, {}),
    head: (status, raw, message) => handler.onResponseStart?.(controller, status, headersOf(raw), message),
    data: (chunk) => handler.onResponseData?.(controller, chunk),
    end: () => handler.onResponseEnd?.(controller, {}),
    fail: (error) => handler.onResponseError?.(controller, error),
  }
}

/** One request by way of the host. */
function send(origin, options, handler) {
  let request
  let over = false
  let timer
  const control = {
    paused: false, aborted: false, reason: undefined, rawHeaders: [],
    pause() { this.paused = true; this.response?.pause() },
    resume() { this.paused = false; this.response?.resume() },
    abort(reason) {
      if (over || this.aborted) return
      this.aborted = true
      this.reason = reason ?? new errors.RequestAbortedError()
      request?.destroy()
      fail(this.reason)
    },
  }
  const calls = callsOf(handler, control)
  const fail = (error) => {
    if (over) return
    over = true
    clearTimeout(timer)
    calls.fail(error)
  }
  const guard = (work) => {
    try { return work() } catch (error) { control.abort(error) }
  }
  const wait = (ms, error) => {
    clearTimeout(timer)
    if (ms > 0) timer = setTimeout(() => control.abort(new errors[error]()), ms)
  }

  guard(() => calls.start())
  if (control.aborted) return
  const target = targetOf(options.origin ?? origin, options)
  const { bytes, stream, type } = bodyOf(options.body)
  const pairs = pairsOf(options.headers)
  const has = (header) => pairs.some((name, i) => i % 2 === 0 && name.toLowerCase() === header)
  if (type && !has('content-type')) pairs.push('content-type', type)
  const length = bytes ? bytes.length : !stream && ['POST', 'PUT', 'PATCH'].includes(options.method) ? 0 : undefined
  if (length !== undefined && !has('content-length')) pairs.push('content-length', String(length))
  request = new ClientRequest(target, { method: options.method ?? 'GET', headers: pairs, _defaultProtocol: target.protocol })
  request.on('error', (error) => fail(control.reason ?? failure(error)))
  request.on('response', (response) => {
    if (over) return response.destroy()
    control.response = response
    control.rawHeaders = response.rawHeaders
    wait(options.bodyTimeout ?? 300_000, 'BodyTimeoutError')
    if (guard(() => calls.head(response.statusCode, response.rawHeaders, response.statusMessage)) === false) control.pause()
    response.on('data', (chunk) => {
      wait(options.bodyTimeout ?? 300_000, 'BodyTimeoutError')
      if (!over && guard(() => calls.data(chunk)) === false) control.pause()
    })
    response.on('end', () => {
      if (over) return
      over = true
      clearTimeout(timer)
      calls.end()
    })
    response.on('error', (error) => fail(control.reason ?? failure(error)))
    if (control.paused) response.pause()
  })
  wait(options.headersTimeout ?? 300_000, 'HeadersTimeoutError')
  if (stream) stream.on('error', (error) => control.abort(error)).pipe(request)
  else request.end(bytes)
}

class Dispatcher extends EventEmitter {
  dispatch() { throw new Error('not implemented') }
  close(callback) { return settled(callback) }
  destroy(error, callback) { return settled(typeof error === 'function' ? error : callback) }

  compose(...interceptors) {
    let dispatch = this.dispatch.bind(this)
    let redirects = this[kRedirects]
    for (const interceptor of interceptors.flat()) {
      if (!interceptor) continue
      dispatch = interceptor(dispatch)
      redirects = interceptor[kRedirects] ?? redirects
    }
    return Object.assign(Object.create(this), { dispatch: (options, handler) => dispatch(options, handler), [kRedirects]: redirects })
  }

  request(options, callback) { return answered(request(options.origin ?? this.origin, { ...options, dispatcher: this }), callback) }
  stream(options, factory, callback) { return answered(stream(options.origin ?? this.origin, { ...options, dispatcher: this }, factory), callback) }
  pipeline() { throw unavailable('undici.pipeline', 'Use `stream` or `request`.') }
  connect() { throw unavailable('A TCP connection', 'Use `request` or `fetch`.') }
  upgrade() { throw unavailable('An upgrade of HTTP', 'Use `request` or `fetch`.') }
}

function settled(callback) {
  if (callback) return void process.nextTick(callback)
  return Promise.resolve()
}

function answered(promise, callback) {
  if (!callback) return promise
  promise.then((value) => callback(null, value), (error) => callback(error))
}

/** All of them send by the host, which keeps the connections. */
class HostDispatcher extends Dispatcher {
  #state = 'open'

  constructor(origin, options) {
    super()
    if (typeof origin === 'string' || origin instanceof URL) this.origin = targetOf(origin).origin
    this.options = options ?? (this.origin ? {} : origin ?? {})
  }

  get closed() { return this.#state !== 'open' }
  get destroyed() { return this.#state === 'destroyed' }

  close(callback) {
    this.#state = 'closed'
    return super.close(callback)
  }

  destroy(error, callback) {
    this.#state = 'destroyed'
    return super.destroy(error, callback)
  }

  dispatch(options, handler) {
    const { headersTimeout, bodyTimeout } = this.options
    try {
      if (this.destroyed) throw new errors.ClientDestroyedError()
      if (this.closed) throw new errors.ClientClosedError()
      send(this.origin, { ...options, headersTimeout: options.headersTimeout ?? headersTimeout, bodyTimeout: options.bodyTimeout ?? bodyTimeout }, handler)
    } catch (error) {
      if (handler.onError) handler.onError(error)
      else if (handler.onResponseError) handler.onResponseError({}, error)
      else throw error
    }
    return true
  }
}

class Client extends HostDispatcher {}
class Pool extends HostDispatcher {}
class BalancedPool extends HostDispatcher {}
class Agent extends HostDispatcher {}

const refused = (name, advice) => ({ [name]: class extends Dispatcher {
  constructor() {
    super()
    throw unavailable(`undici.${name}`, advice)
  }
} })[name]

let globalDispatcher = new Agent()

function readable(resume, abort) {
  let used = false
  const body = new Readable({
    read: resume,
    highWaterMark: 65536,
    destroy(error, callback) {
      if (!this.readableEnded) abort(error)
      callback(error)
    },
  })
  const taken = async () => {
    if (used) throw new TypeError('unusable')
    used = true
    return Buffer.concat(await body.toArray())
  }
  Object.defineProperty(body, 'bodyUsed', { get: () => used || body.readableDidRead })
  return Object.assign(body, {
    text: async () => new TextDecoder().decode(await taken()),
    json: async () => JSON.parse(new TextDecoder().decode(await taken())),
    arrayBuffer: async () => new Uint8Array(await taken()).buffer,
    bytes: async () => new Uint8Array(await taken()),
    blob: async () => new Blob([await taken()]),
    formData: async () => { throw new errors.NotSupportedError() },
    dump: async () => {
      body.on('error', () => {}).resume()
      await new Promise((resolve) => body.once('close', resolve))
      return null
    },
  })
}

/** Sends by a dispatcher, follows redirects if the options say so; resolves with the head, and gives the body to `take(head)`. */
function perform(url, options, take, redirects = options.maxRedirections ?? (options.dispatcher ?? globalDispatcher)[kRedirects] ?? 0) {
  const { dispatcher = globalDispatcher, signal, method = options.body ? 'PUT' : 'GET' } = options
  return new Promise((resolve, reject) => {
    const target = targetOf(url, options)
    let abort = () => {}
    let sink
    let failed = (error) => reject(error)
    const reason = () => signal.reason ?? new errors.RequestAbortedError()
    const given = () => abort(reason())
    if (signal?.aborted) return reject(reason())
    const listen = signal?.addEventListener ? 'addEventListener' : 'on'
    signal?.[listen]('abort', given)
    const done = () => signal?.[listen === 'on' ? 'off' : 'removeEventListener']('abort', given)
    dispatcher.dispatch({ ...options, method, origin: target.origin, path: target.pathname + target.search, query: undefined }, {
      onConnect(give) { abort = give },
      onHeaders(status, raw, resume, statusText) {
        if (status < 200) return true
        const headers = headersOf(raw.map((bytes) => bytes.toString('latin1')))
        if (redirects > 0 && REDIRECTS.includes(status) && headers.location) {
          done()
          sink = { write: () => true, end() {} }
          const next = new URL(headers.location, target)
          const became = status === 303 && method !== 'HEAD' ? { method: 'GET', body: undefined } : {}
          const kept = next.origin === target.origin ? options.headers : pairsWithout(options.headers, /^(authorization|cookie|proxy-authorization|host)$/i)
          resolve(perform(next, { ...options, method, ...became, headers: kept, path: undefined, query: undefined }, take, redirects - 1))
          return true
        }
        try {
          const head = { statusCode: status, statusText, headers, trailers: {}, opaque: options.opaque ?? null, context: { history: [] } }
          sink = take(head, resume, abort, resolve, reject)
          failed = (error) => sink.fail(error)
        } catch (error) {
          abort(error)
        }
        return true
      },
      onData: (chunk) => sink.write(chunk),
      onComplete() {
        done()
        sink.end()
      },
      onError(error) {
        done()
        failed(error)
      },
      onUpgrade() {},
    })
  })
}

function pairsWithout(headers, names) {
  const pairs = pairsOf(headers)
  return pairs.filter((_, i) => !names.test(pairs[i - (i % 2)]))
}

function request(url, options = {}, callback) {
  if (typeof options === 'function') [callback, options] = [options, {}]
  const sent = perform(url, { ...options, method: options.method ?? (options.body ? 'PUT' : 'GET') }, (head, resume, abort, resolve, reject) => {
    const body = readable(resume, (error) => abort(error ?? new errors.RequestAbortedError()))
    const sink = { write: (chunk) => body.push(chunk), end: () => body.push(null), fail: (error) => body.destroy(error) }
    if (options.throwOnError && head.statusCode >= 400) {
      const refuse = (text) => reject(new errors.ResponseStatusCodeError(`Response status code ${head.statusCode}${head.statusText ? `: ${head.statusText}` : ''}`, head.statusCode, head.headers, text))
      body.text().then((text) => refuse(/json/.test(head.headers['content-type']) ? JSON.parse(text) : text), reject)
    } else {
      resolve({ ...head, body })
    }
    return sink
  })
  return answered(sent, callback)
}

function stream(url, options, factory, callback) {
  const sent = perform(url, options, (head, resume, abort, resolve, reject) => {
    const target = factory(head)
    if (typeof target?.write !== 'function') throw new errors.InvalidReturnValueError('expected Writable')
    target.on('drain', resume).on('error', (error) => {
      abort(error)
      reject(error)
    }).on('finish', () => resolve({ opaque: options.opaque ?? null, trailers: {} }))
    return { write: (chunk) => target.write(chunk), end: () => target.end(), fail: (error) => { target.destroy(error); reject(error) } }
  })
  return answered(sent, callback)
}

/** What a handler that changes some of an answer's parts inherits the others from. */
class DecoratorHandler {
  #handler

  constructor(handler) {
    if (typeof handler !== 'object' || handler === null) throw new TypeError('handler must be an object')
    this.#handler = handler
  }

  onRequestStart(...given) { return this.#handler.onRequestStart?.(...given) }
  onRequestUpgrade(...given) { return this.#handler.onRequestUpgrade?.(...given) }
  onResponseStart(...given) { return this.#handler.onResponseStart?.(...given) }
  onResponseData(...given) { return this.#handler.onResponseData?.(...given) }
  onResponseEnd(...given) { return this.#handler.onResponseEnd?.(...given) }
  onResponseError(...given) { return this.#handler.onResponseError?.(...given) }
}

const PROXY = 'Requests go out through the host: leave the proxy away.'
const MOCK = 'It is for tests, which run on Node.'

export default {
  Dispatcher, DecoratorHandler, Client, Pool, BalancedPool, RoundRobinPool: Pool, Agent, errors, request, stream, fetch,
  pipeline: () => globalDispatcher.pipeline(), connect: () => globalDispatcher.connect(), upgrade: () => globalDispatcher.upgrade(),
  ProxyAgent: refused('ProxyAgent', PROXY), EnvHttpProxyAgent: class EnvHttpProxyAgent extends HostDispatcher {}, Socks5ProxyAgent: refused('Socks5ProxyAgent', PROXY),
  RetryAgent: refused('RetryAgent', 'Try again in the code that asks.'), RetryHandler: refused('RetryHandler', 'Try again in the code that asks.'),
  MockAgent: refused('MockAgent', MOCK), MockPool: refused('MockPool', MOCK), MockClient: refused('MockClient', MOCK),
  buildConnector: () => () => { throw unavailable('undici.buildConnector', 'The host makes the connections.') },
  getGlobalDispatcher: () => globalDispatcher,
  setGlobalDispatcher(dispatcher) {
    if (typeof dispatcher?.dispatch !== 'function') throw new errors.InvalidArgumentError('Argument agent must implement Agent')
    globalDispatcher = dispatcher
  },
  getGlobalOrigin: () => undefined,
  setGlobalOrigin() { throw codedError(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'undici.setGlobalOrigin is not available in Roost. Use whole addresses.') },
  interceptors: {
    redirect: ({ maxRedirections = 5 } = {}) => Object.assign((dispatch) => dispatch, { [kRedirects]: maxRedirections }),
    // The host resolves names, and keeps what it found for no longer than they say.
    dns: () => (dispatch) => dispatch,
    ...Object.fromEntries(['retry', 'cache', 'dump', 'responseError', 'decompress', 'deduplicate'].map((name) => [name, () => {
      throw unavailable(`undici.interceptors.${name}`, 'Do it in the code that asks.')
    }])),
  },
  install() {},
  Headers, Request, Response, FormData, WebSocket, CloseEvent, ErrorEvent,
  get File() { return globalThis.File },
  get MessageEvent() { return globalThis.MessageEvent },
}
