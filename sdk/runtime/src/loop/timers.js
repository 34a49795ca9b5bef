/** Timers: a heap of what is due, and whose each is. `staying.js` says which of them keep an event open. */
import { engine } from '../engine.js'
import { requireFunction } from '../errors.js'
import { phase } from '../phase.js'
import { placeOfCall } from '../stacks.js'
import { houseFrame, keepsHouse, runIn } from './context.js'

/** Of the top level, or left over from an earlier event. */
export const HOUSE = 0
/** Of the event; rings once, and is to be waited for. */
export const FIRM = 1
/** Of the event; an interval, or unref'ed: a process would not wait for it, but a server's loop goes on. */
export const SOFT = 2

const LONGEST = 2 ** 31 - 1
/** From here on an event may have to end without a timer, and where it was made is worth knowing. */
const LONG = 5_000
const heap = []
const counts = [0, 0, 0]
let sequence = 0
let firmRings = 0
let byId

/** Between events nothing is due. */
let paused = false
/** When the pause began; nothing without timers, because an image remembers it. */
let pausedAt = 0

/** The moment of this turn. As in Node, timers made in one turn count from the same moment. */
let moment

export class Timeout {
  constructor(callback, ms, args, repeat) {
    ms = +ms
    if (!(ms >= 1 && ms <= LONGEST)) ms = 1
    this._idleTimeout = ms
    this._onTimeout = callback
    this._repeat = repeat ? ms : null
    this._args = args
    this._frame = engine.getAsyncContext()
    this._ref = true
    this._index = -1
    this._due = 0
    this._kind = undefined
    this._ofEvent = phase.now === 'event' && !keepsHouse(this._frame)
    this._place = this._ofEvent && (repeat || ms >= LONG) ? placeOfCall() : undefined
    /** Gives whether anybody would notice that it rings; absent when that is not known. */
    this._isHeard = undefined
    schedule(this)
  }

  ref() {
    this._ref = true
    classify(this)
    return this
  }

  unref() {
    this._ref = false
    classify(this)
    return this
  }

  hasRef() {
    return this._ref
  }

  refresh() {
    if (this._onTimeout === null) return this
    remove(this)
    schedule(this)
    return this
  }

  close() {
    clear(this)
    return this
  }

  [Symbol.toPrimitive]() {
    this._id ??= ++sequence
    byId ??= new Map()
    byId.set(this._id, this)
    return this._id
  }

  [Symbol.dispose]() {
    clear(this)
  }
}

export function setTimeout(callback, ms, ...args) {
  requireFunction(callback, 'callback')
  return new Timeout(callback, ms, args, false)
}

export function setInterval(callback, ms, ...args) {
  requireFunction(callback, 'callback')
  return new Timeout(callback, ms, args, true)
}

export function clearTimeout(timer) {
  if (timer instanceof Timeout) clear(timer)
  else if (typeof timer === 'number' || typeof timer === 'string') {
    const known = byId?.get(+timer)
    if (known) clear(known)
  }
}

export function clearInterval(timer) {
  clearTimeout(timer)
}

/** Runs what is due; `between` after each callback. */
export function runDue(between) {
  let ran = false
  if (paused) return false
  moment = engine.monotonic()
  while (heap.length > 0 && heap[0]._due <= moment) {
    const timer = heap[0]
    if (timer._kind === FIRM) firmRings++
    remove(timer)
    ran = true
    runIn(timer._frame, timer._onTimeout, timer, timer._args)
    if (timer._repeat !== null && timer._onTimeout !== null && timer._index < 0) schedule(timer)
    between()
  }
  return ran
}

/** Milliseconds until the next timer. */
export function nextDue() {
  if (heap.length === 0 || paused) return undefined
  return Math.max(0, heap[0]._due - engine.monotonic())
}

/** When the first timer of a kind is due that anybody hears. */
export function firstDue(kind) {
  if (counts[kind] === 0) return Infinity
  if (heap[0]._kind === kind && isHeard(heap[0])) return heap[0]._due
  let first = Infinity
  for (const timer of heap) {
    if (timer._kind === kind && timer._due < first && isHeard(timer)) first = timer._due
  }
  return first
}

/** How many timers of events that were to be waited for have rung. */
export function rungFirm() {
  return firmRings
}

/** The event's own timers that are left and that anybody hears. */
export function ownTimers() {
  return counts[FIRM] + counts[SOFT] === 0 ? [] : heap.filter((timer) => timer._kind !== HOUSE && isHeard(timer))
}

function isHeard(timer) {
  return timer._isHeard === undefined || timer._isHeard()
}

export function beginTurn() {
  moment = engine.monotonic()
}

/** Timers as a list of their remaining milliseconds; one-shot ones that are ref'ed only. */
export function waitingTimeouts() {
  return heap.filter((timer) => timer._repeat === null && timer._ref).map((timer) => timer._due - engine.monotonic())
}

export function timerCount() {
  return heap.length
}

/** Turns moments into durations, because clocks mean nothing in another instance. */
export function pauseTimers() {
  const now = engine.monotonic()
  paused = true
  pausedAt = heap.length > 0 ? now : 0
  for (const timer of heap) {
    timer._due -= now
    if (!timer._ofEvent) continue
    timer._ofEvent = false
    timer._frame = houseFrame(timer._frame)
    classify(timer)
  }
  moment = undefined
}

/** In an instance that lives on, what fell due meanwhile is due now; a new one has a clock that begins again. */
export function resumeTimers() {
  if (!paused) return
  paused = false
  moment = engine.monotonic()
  const from = moment >= pausedAt ? pausedAt : moment
  for (const timer of heap) timer._due += from
}

function clear(timer) {
  timer._onTimeout = null
  remove(timer)
  if (timer._id !== undefined) byId.delete(timer._id)
}

/** Counts a timer that waits by its kind. */
function classify(timer) {
  if (timer._index < 0) return
  const kind = !timer._ofEvent ? HOUSE : timer._ref && timer._repeat === null ? FIRM : SOFT
  if (kind === timer._kind) return
  if (timer._kind !== undefined) counts[timer._kind]--
  timer._kind = kind
  counts[kind]++
}

function schedule(timer) {
  moment ??= engine.monotonic()
  timer._due = (paused ? 0 : moment) + timer._idleTimeout
  timer._order = ++sequence
  heap.push(timer)
  rise(timer, heap.length - 1)
  classify(timer)
}

function remove(timer) {
  const index = timer._index
  if (index < 0) return
  const last = heap.pop()
  timer._index = -1
  counts[timer._kind]--
  timer._kind = undefined
  if (last === timer) return
  rise(last, index)
  sink(last, last._index)
}

function before(a, b) {
  return a._due < b._due || (a._due === b._due && a._order < b._order)
}

function rise(timer, index) {
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!before(timer, heap[parent])) break
    put(heap[parent], index)
    index = parent
  }
  put(timer, index)
}

function sink(timer, index) {
  for (;;) {
    let child = index * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
    if (!before(heap[child], timer)) break
    put(heap[child], index)
    index = child
  }
  put(timer, index)
}

function put(timer, index) {
  heap[index] = timer
  timer._index = index
}
