/** `AbortController` and `AbortSignal`. */
import { invalidArgType, outOfRange } from '../errors.js'
import { setTimeout } from '../loop/timers.js'
import { showAs } from '../node/inspect.js'
import { DOMException } from './dom_exception.js'
import { Event, EventTarget, handlerProperty, isListenedTo } from './events.js'

const KEY = Symbol('make')
const kAbort = Symbol('abort')

export class AbortSignal extends EventTarget {
  #aborted = false
  #reason
  #dependents

  constructor(key) {
    super()
    if (key !== KEY) throw new TypeError('Illegal constructor')
  }

  static abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    const signal = new AbortSignal(KEY)
    signal[kAbort](reason)
    return signal
  }

  static timeout(ms) {
    if (typeof ms !== 'number') throw invalidArgType('delay', 'number', ms)
    if (!Number.isInteger(ms)) throw outOfRange('delay', 'an integer', ms)
    if (ms < 0 || ms > 2 ** 32 - 1) throw outOfRange('delay', '>= 0 && <= 4294967295', ms)
    const signal = new AbortSignal(KEY)
    const timer = setTimeout(() => signal[kAbort](new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms).unref()
    // What it guarded is over, usually long before its time.
    timer._isHeard = () => signal.#isHeard()
    return signal
  }

  #isHeard() {
    return isListenedTo(this, 'abort') || (this.#dependents ?? []).some((dependent) => dependent.#isHeard())
  }

  static any(signals) {
    const signal = new AbortSignal(KEY)
    for (const source of signals) {
      if (source.aborted) {
        signal[kAbort](source.reason)
        return signal
      }
    }
    for (const source of signals) (source.#dependents ??= []).push(signal)
    return signal
  }

  get aborted() { return this.#aborted }
  get reason() { return this.#reason }
  throwIfAborted() { if (this.#aborted) throw this.#reason }

  [kAbort](reason) {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    this.dispatchEvent(new Event('abort'))
    for (const dependent of this.#dependents ?? []) dependent[kAbort](reason)
  }
}
handlerProperty(AbortSignal.prototype, 'abort')
Object.defineProperty(AbortSignal.prototype, Symbol.toStringTag, { value: 'AbortSignal', configurable: true })

export class AbortController {
  #signal = new AbortSignal(KEY)
  get signal() { return this.#signal }
  abort(reason = new DOMException('This operation was aborted', 'AbortError')) { this.#signal[kAbort](reason) }
}
Object.defineProperty(AbortController.prototype, Symbol.toStringTag, { value: 'AbortController', configurable: true })
showAs(AbortController, ['signal'])
showAs(AbortSignal, ['aborted'])

export default { AbortController, AbortSignal }
