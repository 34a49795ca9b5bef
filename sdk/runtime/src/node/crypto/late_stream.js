/** Objects of `node:crypto` that are streams, too. */
import { Transform } from '../stream.js'

/**
 * Lets the objects of a prototype become streams when somebody looks at them as at such: that costs more than a
 * digest, and few do. Their constructor sets `_options`.
 */
export function streamsLate(prototype) {
  Object.setPrototypeOf(prototype, Transform.prototype)
  for (const name of ['_readableState', '_writableState']) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      get() {
        if (!Object.hasOwn(this, '_options')) return undefined
        Transform.call(this, this._options)
        return this[name]
      },
      set(value) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }) },
    })
  }
}
