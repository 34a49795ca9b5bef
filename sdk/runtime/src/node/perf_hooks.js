/** `node:perf_hooks`. */
import { performance } from '../web/performance.js'

class PerformanceObserver {
  static supportedEntryTypes = []
  observe() {}
  disconnect() {}
  takeRecords() { return [] }
}

const histogram = () => ({ min: 0, max: 0, mean: 0, stddev: 0, percentile: () => 0, percentiles: new Map(), enable: () => true, disable: () => true, reset() {}, record() {} })

export default {
  performance, PerformanceObserver, constants: {}, monitorEventLoopDelay: histogram, createHistogram: histogram,
}
