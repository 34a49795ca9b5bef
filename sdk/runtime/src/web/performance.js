/** `performance`: measured from when the instance began, as Node measures from the process's start. */
import { engine } from '../engine.js'

let origin = engine.monotonic()
let wall = engine.now()
const entries = []

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

function find(name) {
  const entry = entries.findLast((item) => item.name === name)
  if (!entry) throw new DOMException(`The "${name}" performance mark has not been set`, 'SyntaxError')
  return entry.startTime
}

function record(entry) {
  entries.push(entry)
  if (entries.length > 1000) entries.shift()
  return entry
}

const clear = (type) => (name) => {
  for (let i = entries.length - 1; i >= 0; i--) {
    if (entries[i].entryType === type && (name === undefined || entries[i].name === name)) entries.splice(i, 1)
  }
}

export const performance = {
  now: () => engine.monotonic() - origin,
  get timeOrigin() { return wall },
  mark: (name, { startTime = performance.now(), detail = null } = {}) =>
    record({ name: `${name}`, entryType: 'mark', startTime, duration: 0, detail }),
  measure(name, start, end) {
    const options = typeof start === 'object' && start !== null ? start : { start, end }
    const at = (value, otherwise) => (value === undefined ? otherwise : typeof value === 'number' ? value : find(value))
    const startTime = at(options.start, 0)
    return record({ name: `${name}`, entryType: 'measure', startTime, duration: at(options.end, performance.now()) - startTime, detail: options.detail ?? null })
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
}
