/** Timers: a heap of what is due, and which of them keep an event open. */
import { engine } from '../engine.js'
import { requireFunction } from '../errors.js'
import { phase } from '../phase.js'
import { runIn } from './context.js'

const LONGEST = 2 ** 31 - 1
const heap = []
let sequence = 0
let holding = 0
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
    this._holds = false
    this._index = -1
    this._due = 0
    // What a bot starts at its top level (cleanups, heartbeats) must not keep events open.
    this._ofEvent = phase.now === 'event'
    schedule(this)
  }

  ref() {
    this._ref = true
    if (this._index >= 0) setHold(this)
    return this
  }

  unref() {
    this._ref = false
    setHold(this)
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
    remove(timer)
    ran = true
    runIn(timer._frame, timer._onTimeout, timer, timer._args)
    if (timer._repeat !== null && timer._onTimeout !== null && timer._index < 0) schedule(timer)
    between()
  }
  return ran
}

/** Milliseconds until the next timer, and whether any timer keeps the event open. */
export function nextDue() {
  if (heap.length === 0 || paused) return undefined
  return { ms: Math.max(0, heap[0]._due - engine.monotonic()), holds: holding > 0 }
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
    timer._ofEvent = false
    setHold(timer)
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

function setHold(timer) {
  const holds = timer._index >= 0 && timer._ref && timer._ofEvent && timer._repeat === null
  if (holds !== timer._holds) {
    timer._holds = holds
    holding += holds ? 1 : -1
  }
}

function schedule(timer) {
  moment ??= engine.monotonic()
  timer._due = (paused ? 0 : moment) + timer._idleTimeout
  timer._order = ++sequence
  heap.push(timer)
  rise(timer, heap.length - 1)
  setHold(timer)
}

function remove(timer) {
  const index = timer._index
  if (index < 0) return
  const last = heap.pop()
  timer._index = -1
  setHold(timer)
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
