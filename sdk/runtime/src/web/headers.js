/** `Headers`. */
import { isPlainValue, validateHeaderName } from '../http/headers.js'
import { custom, inspect } from '../node/inspect.js'

const normalize = (name) => {
  validateHeaderName(`${name}`)
  return `${name}`.toLowerCase()
}
const clean = (name, value) => {
  const text = `${value}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '')
  isPlainValue(name, text)
  return text
}

export class Headers {
  /** From the lower-case name to the values. */
  #map = new Map()
  #immutable = false

  constructor(init = undefined) {
    if (init === undefined || init === null) return
    if (typeof init !== 'object') throw new TypeError('Headers must be made of an object or a list of pairs')
    if (init instanceof Headers) {
      for (const [name, values] of init.#map) this.#map.set(name, values.slice())
    } else if (typeof init[Symbol.iterator] === 'function') {
      for (const pair of init) {
        const [name, value, ...more] = pair
        if (value === undefined || more.length > 0) throw new TypeError('A header must be a pair of name and value')
        this.append(name, value)
      }
    } else {
      for (const name of Reflect.ownKeys(init)) this.append(name, init[name])
    }
  }

  /** Of the flat pairs of the engine. */
  static ofPairs(pairs) {
    const headers = new Headers()
    for (let i = 0; i < pairs.length; i += 2) headers.append(pairs[i], pairs[i + 1])
    headers.#immutable = true
    return headers
  }

  static toPairs(headers) {
    return [...headers.#map].flatMap(([name, values]) => values.flatMap((value) => [name, value]))
  }

  #change() {
    if (this.#immutable) throw new TypeError('immutable')
  }

  append(name, value) {
    this.#change()
    const key = normalize(name)
    const list = this.#map.get(key)
    if (list) list.push(clean(name, value))
    else this.#map.set(key, [clean(name, value)])
  }

  delete(name) { this.#change(); this.#map.delete(normalize(name)) }
  get(name) { return this.#map.get(normalize(name))?.join(', ') ?? null }
  has(name) { return this.#map.has(normalize(name)) }
  set(name, value) { this.#change(); this.#map.set(normalize(name), [clean(name, value)]) }
  getSetCookie() { return this.#map.get('set-cookie')?.slice() ?? [] }

  forEach(callback, self) {
    for (const [name, value] of this) callback.call(self, value, name, this)
  }

  * entries() {
    for (const name of [...this.#map.keys()].sort()) {
      const values = this.#map.get(name)
      if (name === 'set-cookie') for (const value of values) yield [name, value]
      else yield [name, values.join(', ')]
    }
  }

  * keys() { for (const [name] of this) yield name }
  * values() { for (const [, value] of this) yield value }
  [Symbol.iterator]() { return this.entries() }
  [custom](depth, options) { return `Headers ${inspect(Object.fromEntries(this), options)}` }
}
Object.defineProperty(Headers.prototype, Symbol.toStringTag, { value: 'Headers', configurable: true })
