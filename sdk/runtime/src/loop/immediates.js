/** `setImmediate`. */
import { engine } from '../engine.js'
import { requireFunction } from '../errors.js'
import { runIn } from './context.js'

let queue = []

export class Immediate {
  constructor(callback, args) {
    this._onImmediate = callback
    this._args = args
    this._frame = engine.getAsyncContext()
    queue.push(this)
  }

  ref() { return this }
  unref() { return this }
  hasRef() { return true }
  [Symbol.dispose]() { clearImmediate(this) }
}

export function setImmediate(callback, ...args) {
  requireFunction(callback, 'callback')
  return new Immediate(callback, args)
}

export function clearImmediate(immediate) {
  if (immediate instanceof Immediate) immediate._onImmediate = null
}

/** Runs those that wait now, not those that they add; `between` after each. */
export function runImmediates(between) {
  if (queue.length === 0) return false
  const now = queue
  queue = []
  for (const immediate of now) {
    if (immediate._onImmediate === null) continue
    runIn(immediate._frame, immediate._onImmediate, immediate, immediate._args)
    between()
  }
  return true
}

export function immediatesWait() {
  return queue.length > 0
}
