/** `performance`: measured from when the instance began, as Node measures from the process's start. */
import { engine } from '../engine.js'
import { requireFunction } from '../errors.js'

let origin = engine.monotonic()
let wall = engine.now()
const entries = []
const observers = new Set()
const KEY = Symbol('make')

/** Sets the origin anew: the moment an image was made means nothing to the instances made from it. */
export function restartClock() {
  origin = engine.monotonic()
  wall = engine.now()
}

/** Whether this is another instance than the one that the origin is of. */
export function clockBeganAgain() {
  return engine.monotonic() < origin
}

/** Before an image is made: the next event begins the clock anew. Zero, so that images do not differ by it. */
export function forgetClock() {
  origin = 0
  wall = 0
}

class PerformanceEntry {
  constructor(key, name, entryType, startTime, duration, detail) {
    if (key !== KEY) throw new TypeError('Illegal constructor')
    Object.assign(this, { name: `${name}`, entryType, startTime, duration })
    if (detail !== undefined) this.detail = detail
  }

  toJSON() { return { ...this } }
}

class PerformanceMark extends PerformanceEntry {
  constructor(name, { startTime = performance.now(), detail = null } = {}) {
    super(KEY, name, 'mark', startTime, 0, detail)
  }
}

class PerformanceMeasure extends PerformanceEntry {}
class PerformanceResourceTiming extends PerformanceEntry {}

class PerformanceObserverEntryList {
  #entries
  constructor(key, list) {
    if (key !== KEY) throw new TypeError('Illegal constructor')
    this.#entries = list
  }

  getEntries() { return this.#entries.slice() }
  getEntriesByType(type) { return this.#entries.filter((entry) => entry.entryType === type) }
  getEntriesByName(name, type) { return this.#entries.filter((entry) => entry.name === name && (type === undefined || entry.entryType === type)) }
}

class PerformanceObserver {
  #callback
  #types = new Set()
  #waiting = []
  static supportedEntryTypes = ['mark', 'measure']

  constructor(callback) {
    requireFunction(callback, 'callback')
    this.#callback = callback
  }

  observe({ entryTypes, type, buffered } = {}) {
    if (entryTypes !== undefined) this.#types.clear()
    for (const name of entryTypes ?? [type]) this.#types.add(name)
    observers.add(this)
    if (buffered) for (const entry of entries) if (entry.entryType === type) this.take(KEY, entry)
  }

  disconnect() {
    observers.delete(this)
    this.#types.clear()
    this.#waiting = []
  }

  takeRecords() { return this.#waiting.splice(0) }

  take(key, entry) {
    if (key !== KEY || !this.#types.has(entry.entryType)) return
    if (this.#waiting.push(entry) > 1) return
    setImmediate(() => {
      const list = this.takeRecords()
      if (list.length > 0) this.#callback(new PerformanceObserverEntryList(KEY, list), this)
    })
  }
}

function find(name) {
  const entry = entries.findLast((item) => item.name === name)
  if (!entry) throw new DOMException(`The "${name}" performance mark has not been set`, 'SyntaxError')
  return entry.startTime
}

function record(entry) {
  entries.push(entry)
  if (entries.length > 1000) entries.shift()
  for (const observer of observers) observer.take(KEY, entry)
  return entry
}

const clear = (type) => (name) => {
  for (let i = entries.length - 1; i >= 0; i--) {
    if (entries[i].entryType === type && (name === undefined || entries[i].name === name)) entries.splice(i, 1)
  }
}

class Performance {
  constructor() { throw new TypeError('Illegal constructor') }
}

export const performance = Object.assign(Object.create(Performance.prototype), {
  now: () => engine.monotonic() - origin,
  mark: (name, options) => record(new PerformanceMark(name, options)),
  measure(name, start, end) {
    const options = typeof start === 'object' && start !== null ? start : { start, end }
    const at = (value, otherwise) => (value === undefined ? otherwise : typeof value === 'number' ? value : find(value))
    const startTime = at(options.start, 0)
    return record(new PerformanceMeasure(KEY, name, 'measure', startTime, at(options.end, performance.now()) - startTime, options.detail ?? null))
  },
  clearMarks: clear('mark'), clearMeasures: clear('measure'), clearResourceTimings() {},
  getEntries: () => entries.slice(),
  getEntriesByName: (name, type) => entries.filter((item) => item.name === name && (!type || item.entryType === type)),
  getEntriesByType: (type) => entries.filter((item) => item.entryType === type),
  timerify: (fn) => fn,
  eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }),
  markResourceTiming() {}, setResourceTimingBufferSize() {},
  nodeTiming: { name: 'node', entryType: 'node', startTime: 0 },
  toJSON: () => ({ timeOrigin: wall }),
})
Object.defineProperty(performance, 'timeOrigin', { get: () => wall, enumerable: true, configurable: true })
Object.defineProperty(Performance.prototype, Symbol.toStringTag, { value: 'Performance', configurable: true })

export const classes = {
  Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming,
}
