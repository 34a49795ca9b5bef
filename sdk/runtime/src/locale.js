/**
 * Says once that a bot's dates, numbers or order of texts are in no language.
 *
 * The engine has no Intl: it takes a locale, options and a time zone, and answers as if they were not there.
 */
import { log } from './host.js'

/** The methods, and how many arguments make them answer in a language. */
const METHODS = [
  [Date.prototype, 'toLocaleString', 0], [Date.prototype, 'toLocaleDateString', 0], [Date.prototype, 'toLocaleTimeString', 0],
  [Number.prototype, 'toLocaleString', 0], [BigInt.prototype, 'toLocaleString', 0],
  [String.prototype, 'localeCompare', 2], [String.prototype, 'toLocaleLowerCase', 1], [String.prototype, 'toLocaleUpperCase', 1],
]

let told = false

function tell(name) {
  if (told) return
  told = true
  log('warn', `${name}: Roost has no Intl yet, so languages, currencies and time zones are left out of what it answers; ` +
    'write out what customers read')
}

export function install() {
  for (const [prototype, name, least] of METHODS) {
    const method = prototype[name]
    const { [name]: telling } = {
      [name](...values) {
        if (values.length >= least) tell(name)
        return Reflect.apply(method, this, values)
      },
    }
    Object.defineProperty(telling, 'length', { value: method.length, configurable: true })
    Object.defineProperty(prototype, name, { value: telling, writable: true, configurable: true, enumerable: false })
  }
}
