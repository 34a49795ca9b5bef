/** `Event`, `CustomEvent`, `EventTarget`. */
import { uncaught } from '../loop/uncaught.js'
import { showAs } from '../node/inspect.js'

const kStop = Symbol('stop')
const kTarget = Symbol('target')
const kFlags = Symbol('flags')

export class Event {
  constructor(type, { bubbles = false, cancelable = false, composed = false } = {}) {
    if (arguments.length === 0) throw new TypeError('The "type" argument must be specified')
    this[kFlags] = { type: `${type}`, bubbles: !!bubbles, cancelable: !!cancelable, composed: !!composed, prevented: false, time: performance.now() }
    this[kTarget] = null
    this[kStop] = false
  }

  get type() { return this[kFlags].type }
  get target() { return this[kTarget] }
  get currentTarget() { return this[kTarget] }
  get srcElement() { return this[kTarget] }
  get bubbles() { return this[kFlags].bubbles }
  get cancelable() { return this[kFlags].cancelable }
  get composed() { return this[kFlags].composed }
  get defaultPrevented() { return this[kFlags].prevented }
  get returnValue() { return !this[kFlags].prevented }
  get timeStamp() { return this[kFlags].time }
  get eventPhase() { return 2 }
  get isTrusted() { return false }
  get cancelBubble() { return this[kStop] }
  composedPath() { return this[kTarget] ? [this[kTarget]] : [] }
  preventDefault() { if (this.cancelable) this[kFlags].prevented = true }
  stopPropagation() {}
  stopImmediatePropagation() { this[kStop] = true }
}
Object.assign(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 })
for (const name of ['type', 'target', 'defaultPrevented', 'timeStamp', 'cancelable']) {
  Object.defineProperty(Event.prototype, name, { enumerable: true })
}
Object.defineProperty(Event.prototype, Symbol.toStringTag, { value: 'Event', configurable: true })
showAs(Event, ['type', 'defaultPrevented', 'cancelable', 'timeStamp'])

export class CustomEvent extends Event {
  #detail
  constructor(type, options) {
    super(type, options)
    this.#detail = options?.detail ?? null
  }

  get detail() { return this.#detail }
}

export class MessageEvent extends Event {
  constructor(type, { data = null, origin = '', lastEventId = '', source = null, ports = [], ...options } = {}) {
    super(type, options)
    Object.assign(this, { data, origin, lastEventId, source, ports })
  }
}

const kListeners = Symbol('listeners')

/** An option of a listener that nobody waits for: it only tidies up when the event comes all the same. */
export const kTidies = Symbol('tidies')

/** Whether anybody waits for an event. */
export function isListenedTo(target, type) {
  return (target[kListeners]?.get(type) ?? []).some((item) => !item.tidies)
}

export class EventTarget {
  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) return
    const settings = typeof options === 'boolean' ? { capture: options } : options ?? {}
    if (settings.signal?.aborted) return
    this[kListeners] ??= new Map()
    const list = this[kListeners].get(`${type}`) ?? []
    if (list.some((item) => item.listener === listener && item.capture === Boolean(settings.capture))) return
    this[kListeners].set(`${type}`, [...list, { listener, capture: Boolean(settings.capture), once: Boolean(settings.once), tidies: settings[kTidies] === true }])
    settings.signal?.addEventListener('abort', () => this.removeEventListener(type, listener, settings), { once: true, [kTidies]: true })
  }

  removeEventListener(type, listener, options) {
    const capture = Boolean(typeof options === 'boolean' ? options : options?.capture)
    const list = this[kListeners]?.get(`${type}`)
    if (list) this[kListeners].set(`${type}`, list.filter((item) => item.listener !== listener || item.capture !== capture))
  }

  dispatchEvent(event) {
    if (!(event instanceof Event)) throw new TypeError('The "event" argument must be an instance of Event')
    event[kTarget] = this
    event[kStop] = false
    for (const item of this[kListeners]?.get(event.type) ?? []) {
      if (item.once) this.removeEventListener(event.type, item.listener, item.capture)
      try {
        if (typeof item.listener === 'function') item.listener.call(this, event)
        else item.listener.handleEvent?.(event)
      } catch (error) {
        process.nextTick(uncaught, error)
      }
      if (event[kStop]) break
    }
    return !event.defaultPrevented
  }
}

/** Gives a class an `on…` property for an event, which is one listener among the others. */
export function handlerProperty(prototype, type) {
  const key = Symbol(`on${type}`)
  Object.defineProperty(prototype, `on${type}`, {
    configurable: true,
    enumerable: true,
    get() { return this[key]?.handler ?? null },
    set(handler) {
      if (this[key]) this.removeEventListener(type, this[key].listener)
      if (typeof handler !== 'function') return void (this[key] = undefined)
      this[key] = { handler, listener: (event) => handler.call(this, event) }
      this.addEventListener(type, this[key].listener)
    },
  })
}
Object.defineProperty(EventTarget.prototype, Symbol.toStringTag, { value: 'EventTarget', configurable: true })
