/** `node:timers`. */
import { clearImmediate, setImmediate } from '../loop/immediates.js'
import { clearInterval, clearTimeout, setInterval, setTimeout } from '../loop/timers.js'
import promises from './timers_promises.js'

const custom = Symbol.for('nodejs.util.promisify.custom')
Object.defineProperty(setTimeout, custom, { get: () => promises.setTimeout, configurable: true })
Object.defineProperty(setImmediate, custom, { get: () => promises.setImmediate, configurable: true })

export default {
  setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate, promises,
  active() {}, enroll() {}, unenroll() {}, _unrefActive() {},
}
