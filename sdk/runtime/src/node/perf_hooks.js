/** `node:perf_hooks`. */
import { classes, performance } from '../web/performance.js'

const histogram = () => ({ min: 0, max: 0, mean: 0, stddev: 0, percentile: () => 0, percentiles: new Map(), enable: () => true, disable: () => true, reset() {}, record() {} })

export default {
  performance, ...classes, constants: {}, monitorEventLoopDelay: () => histogram(), createHistogram: () => histogram(),
}
