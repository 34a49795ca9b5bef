/** `node:events`. */
import { inspect } from './inspect.js'
import { codedError, invalidArgType, outOfRange, requireFunction } from '../errors.js'

export const errorMonitor = Symbol('events.errorMonitor')
export const captureRejectionSymbol = Symbol.for('nodejs.rejection')
const kCapture = Symbol('kCapture')

let defaultMaxListeners = 10

/** Told of 'mount' events: that is how routes.js learns of applications inside applications. */
export const onMount = { record: undefined }

/** A function and not a class: packages call it as `EventEmitter.call(this)`. */
export function EventEmitter(options) {
  EventEmitter.init.call(this, options)
}

EventEmitter.init = function init(options) {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = { __proto__: null }
    this._eventsCount = 0
  }
  this._maxListeners = this._maxListeners || undefined
  if (options?.captureRejections) this[kCapture] = true
}

EventEmitter.prototype._events = undefined
EventEmitter.prototype._eventsCount = 0
EventEmitter.prototype._maxListeners = undefined

EventEmitter.prototype.setMaxListeners = function setMaxListeners(n) {
  if (typeof n !== 'number' || n < 0 || Number.isNaN(n)) throw outOfRange('n', 'a non-negative number', n)
  this._maxListeners = n
  return this
}

EventEmitter.prototype.getMaxListeners = function getMaxListeners() {
  return this._maxListeners === undefined ? defaultMaxListeners : this._maxListeners
}

EventEmitter.prototype.emit = function emit(type, ...args) {
  const events = this._events
  if (type === 'error') {
    if (events?.[errorMonitor] !== undefined) this.emit(errorMonitor, ...args)
    if (events?.error === undefined) throw unhandled(args[0])
  }
  if (type === 'mount') onMount.record?.(this, args[0])
  const handler = events?.[type]
  if (handler === undefined) return false

  if (typeof handler === 'function') {
    const result = handler.apply(this, args)
    if (this[kCapture] === true) watch(this, type, args, result)
  } else {
    for (const listener of handler.slice()) {
      const result = listener.apply(this, args)
      if (this[kCapture] === true) watch(this, type, args, result)
    }
  }
  return true
}

function unhandled(error) {
  if (error instanceof Error) return error
  return codedError(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${inspect(error)})`, { context: error })
}

/** With `captureRejections`, what an async listener rejects with becomes an 'error' event. */
function watch(emitter, type, args, result) {
  if (typeof result?.then !== 'function') return
  result.then(undefined, (error) => process.nextTick(() => {
    if (typeof emitter[captureRejectionSymbol] === 'function') emitter[captureRejectionSymbol](error, type, ...args)
    else emitter.emit('error', error)
  }))
}

function add(target, type, listener, prepend) {
  if (typeof listener !== 'function') requireFunction(listener, 'listener')
  let events = target._events
  if (events === undefined) {
    events = target._events = { __proto__: null }
    target._eventsCount = 0
  } else if (events.newListener !== undefined) {
    target.emit('newListener', type, listener.listener ?? listener)
    events = target._events
  }

  const existing = events[type]
  if (existing === undefined) {
    events[type] = listener
    target._eventsCount++
    return target
  }
  if (typeof existing === 'function') {
    events[type] = prepend ? [listener, existing] : [existing, listener]
  } else if (prepend) {
    existing.unshift(listener)
  } else {
    existing.push(listener)
  }
  warnOfLeak(target, type)
  return target
}

function warnOfLeak(target, type) {
  const listeners = target._events[type]
  const limit = target.getMaxListeners?.() ?? defaultMaxListeners
  if (limit === 0 || listeners.length <= limit || listeners.warned) return
  listeners.warned = true
  const warning = new Error(`Possible EventEmitter memory leak detected. ${listeners.length} ${String(type)} ` +
    `listeners added to ${target.constructor?.name ?? 'an emitter'}. MaxListeners is ${limit}. ` +
    'Use emitter.setMaxListeners() to increase limit')
  warning.name = 'MaxListenersExceededWarning'
  Object.assign(warning, { emitter: target, type, count: listeners.length })
  process.emitWarning(warning)
}

EventEmitter.prototype.addListener = function addListener(type, listener) {
  return add(this, type, listener, false)
}
EventEmitter.prototype.on = EventEmitter.prototype.addListener

EventEmitter.prototype.prependListener = function prependListener(type, listener) {
  return add(this, type, listener, true)
}

function onceWrapper(target, type, listener) {
  let fired = false
  function wrapped(...args) {
    if (fired) return undefined
    fired = true
    target.removeListener(type, wrapped)
    return listener.apply(target, args)
  }
  wrapped.listener = listener
  return wrapped
}

EventEmitter.prototype.once = function once(type, listener) {
  requireFunction(listener, 'listener')
  return this.on(type, onceWrapper(this, type, listener))
}

EventEmitter.prototype.prependOnceListener = function prependOnceListener(type, listener) {
  requireFunction(listener, 'listener')
  return this.prependListener(type, onceWrapper(this, type, listener))
}

EventEmitter.prototype.removeListener = function removeListener(type, listener) {
  requireFunction(listener, 'listener')
  const events = this._events
  const existing = events?.[type]
  if (existing === undefined) return this

  if (existing === listener || existing.listener === listener) {
    forget(this, type)
  } else if (typeof existing !== 'function') {
    const position = existing.findLastIndex((item) => item === listener || item.listener === listener)
    if (position < 0) return this
    listener = existing[position]
    existing.splice(position, 1)
    if (existing.length === 1) events[type] = existing[0]
  } else {
    return this
  }
  if (events.removeListener !== undefined) this.emit('removeListener', type, listener.listener ?? listener)
  return this
}
EventEmitter.prototype.off = EventEmitter.prototype.removeListener

function forget(target, type) {
  delete target._events[type]
  target._eventsCount--
}

EventEmitter.prototype.removeAllListeners = function removeAllListeners(type) {
  const events = this._events
  if (events === undefined) return this
  if (events.removeListener !== undefined && type !== 'removeListener') {
    const types = type === undefined ? Reflect.ownKeys(events) : [type]
    for (const each of types) {
      if (each === 'removeListener') continue
      for (const listener of raw(this, each).reverse()) this.removeListener(each, listener)
    }
    if (type === undefined) this.removeAllListeners('removeListener')
    return this
  }
  if (type === undefined) {
    this._events = { __proto__: null }
    this._eventsCount = 0
  } else if (events[type] !== undefined) {
    forget(this, type)
  }
  return this
}

function raw(target, type) {
  const existing = target._events?.[type]
  return existing === undefined ? [] : typeof existing === 'function' ? [existing] : existing.slice()
}

EventEmitter.prototype.listeners = function listeners(type) {
  return raw(this, type).map((listener) => listener.listener ?? listener)
}

EventEmitter.prototype.rawListeners = function rawListeners(type) {
  return raw(this, type)
}

EventEmitter.prototype.listenerCount = function listenerCount(type, listener) {
  const all = raw(this, type)
  return listener ? all.filter((item) => item === listener || item.listener === listener).length : all.length
}

EventEmitter.prototype.eventNames = function eventNames() {
  return this._events === undefined ? [] : Reflect.ownKeys(this._events)
}

/** Resolves with the arguments of the next `name` event. */
export function once(emitter, name, options) {
  const signal = options?.signal
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal))
    const listen = emitter.on ? 'on' : 'addEventListener'
    const stop = emitter.off ? 'off' : 'removeEventListener'

    function done(...args) { clean(); resolve(args) }
    function fail(error) { clean(); reject(error) }
    function abort() { clean(); reject(abortError(signal)) }
    function clean() {
      emitter[stop](name, done)
      if (name !== 'error') emitter[stop]('error', fail)
      signal?.removeEventListener('abort', abort)
    }

    emitter[listen](name, done)
    if (name !== 'error' && emitter.on) emitter.on('error', fail)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** The events of one name as an async iterator. */
export function on(emitter, name, options = {}) {
  const ready = []
  const waiting = []
  let failure
  let finished = false

  function event(...args) {
    if (waiting.length > 0) waiting.shift().resolve({ value: args, done: false })
    else ready.push(args)
  }
  function fail(error) {
    if (waiting.length > 0) waiting.shift().reject(error)
    else failure = error
    close()
  }
  function close() {
    emitter.off(name, event)
    emitter.off('error', fail)
    for (const end of options.close ?? []) emitter.off(end, close)
    finished = true
    for (const { resolve } of waiting.splice(0)) resolve({ value: undefined, done: true })
  }

  emitter.on(name, event)
  if (name !== 'error') emitter.on('error', fail)
  for (const end of options.close ?? []) emitter.on(end, close)
  if (options.signal?.aborted) throw abortError(options.signal)
  options.signal?.addEventListener('abort', () => fail(abortError(options.signal)), { once: true })

  return {
    async next() {
      if (ready.length > 0) return { value: ready.shift(), done: false }
      if (failure) {
        const error = failure
        failure = undefined
        throw error
      }
      if (finished) return { value: undefined, done: true }
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    async return() { close(); return { value: undefined, done: true } },
    async throw(error) { fail(error); return { value: undefined, done: true } },
    [Symbol.asyncIterator]() { return this },
  }
}

function abortError(signal) {
  const error = codedError(Error, 'ABORT_ERR', 'The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return error
}

export function addAbortListener(signal, listener) {
  if (signal.aborted) queueMicrotask(() => listener({ type: 'abort', target: signal }))
  else signal.addEventListener('abort', listener, { once: true })
  return { [Symbol.dispose]() { signal.removeEventListener('abort', listener) } }
}

export function setMaxListeners(n = defaultMaxListeners, ...targets) {
  if (typeof n !== 'number' || n < 0 || Number.isNaN(n)) throw outOfRange('n', 'a non-negative number', n)
  if (targets.length === 0) defaultMaxListeners = n
  // An EventTarget has no limit here, so there is nothing to set.
  for (const target of targets) target.setMaxListeners?.(n)
}

export function getEventListeners(target, type) {
  if (typeof target.listeners === 'function') return target.listeners(type)
  throw invalidArgType('emitter', 'an instance of EventEmitter', target)
}

Object.defineProperty(EventEmitter, 'defaultMaxListeners', {
  enumerable: true,
  get: () => defaultMaxListeners,
  set: (n) => setMaxListeners(n),
})

class EventEmitterAsyncResource extends EventEmitter {
  constructor(options) {
    super(options)
    const { AsyncResource } = process.getBuiltinModule('async_hooks')
    this.asyncResource = new AsyncResource(typeof options === 'string' ? options : options?.name ?? new.target.name)
  }

  emit(...args) { return this.asyncResource.runInAsyncScope(super.emit, this, ...args) }
  emitDestroy() {}
}

export default Object.assign(EventEmitter, {
  EventEmitter, EventEmitterAsyncResource, once, on, addAbortListener, setMaxListeners, getEventListeners,
  getMaxListeners: (target) => target.getMaxListeners?.() ?? defaultMaxListeners,
  listenerCount: (emitter, type) => emitter.listenerCount(type),
  errorMonitor, captureRejectionSymbol, captureRejections: false, usingDomains: false,
})
