/** `node:perf_hooks`. */
import { invalidArgType, outOfRange } from '../errors.js'
import { classes, performance } from '../web/performance.js'

/** Keeps what was recorded: exact, and for the few values of one bot. */
class RecordableHistogram {
  #values = []
  #last

  record(value) {
    if (typeof value !== 'bigint' && typeof value !== 'number') throw invalidArgType('val', 'one of type integer or bigint', value)
    if (value < 1 || (typeof value === 'number' && !Number.isInteger(value))) throw outOfRange('val', '>= 1 && <= 9007199254740991', value)
    this.#values.push(Number(value))
  }

  recordDelta() {
    const now = performance.now()
    if (this.#last !== undefined) this.record(Math.max(1, Math.round((now - this.#last) * 1e6)))
    this.#last = now
  }

  add(other) { this.#values.push(...other.#values) }
  reset() { this.#values = [] }
  enable() { return true }
  disable() { return true }
  get count() { return this.#values.length }
  get exceeds() { return 0 }
  get min() { return this.#values.length ? Math.min(...this.#values) : 9223372036854776000 }
  get max() { return Math.max(0, ...this.#values) }
  get mean() { return this.#values.reduce((sum, value) => sum + value, 0) / this.#values.length }
  get stddev() {
    const { mean } = this
    return Math.sqrt(this.#values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / this.#values.length)
  }

  percentile(percent) {
    if (typeof percent !== 'number') throw invalidArgType('percentile', 'number', percent)
    if (!(percent > 0 && percent <= 100)) throw outOfRange('percentile', '> 0 && <= 100', percent)
    const sorted = this.#values.toSorted((a, b) => a - b)
    return sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)] ?? 0
  }

  get percentiles() { return new Map([50, 75, 90, 99, 100].map((percent) => [percent, this.percentile(percent)])) }
}

export default {
  performance, ...classes, constants: {}, monitorEventLoopDelay: () => new RecordableHistogram(), createHistogram: () => new RecordableHistogram(),
}
