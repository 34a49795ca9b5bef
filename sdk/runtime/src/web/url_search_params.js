/** `URLSearchParams`. */
import { codedError } from '../errors.js'
import { custom, inspect } from '../node/inspect.js'

const decode = (text) => {
  text = text.replaceAll('+', ' ')
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return process.getBuiltinModule('querystring').unescapeBuffer(text).toString()
  }
}

const encode = (text) => encodeURIComponent(text.toWellFormed()).replace(/%20/g, '+')
  .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const string = (value) => `${value}`

export class URLSearchParams {
  #pairs = []
  #changed

  constructor(init = undefined) {
    if (init === undefined || init === null) return
    if (typeof init === 'object' || typeof init === 'function') {
      if (typeof init[Symbol.iterator] === 'function') {
        for (const pair of init) {
          const [name, value, ...more] = typeof pair === 'object' && pair !== null ? pair : []
          if (value === undefined && [...(pair ?? [])].length < 2 || more.length > 0) {
            throw codedError(TypeError, 'ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple')
          }
          this.#pairs.push([string(name).toWellFormed(), string(value).toWellFormed()])
        }
      } else {
        for (const name of Reflect.ownKeys(init)) {
          if (Object.getOwnPropertyDescriptor(init, name)?.enumerable) this.#pairs.push([string(name), string(init[name]).toWellFormed()])
        }
      }
    } else {
      this.#read(string(init))
    }
  }

  /** The parameters of a URL; `changed` is told of each change. */
  static of(query, changed) {
    const params = new URLSearchParams(query)
    params.#changed = changed
    return params
  }

  static replace(params, query) {
    params.#read(query)
  }

  #read(text) {
    this.#pairs = text.replace(/^\?/, '').split('&').filter(Boolean).map((pair) => {
      const position = pair.indexOf('=')
      return position < 0 ? [decode(pair), ''] : [decode(pair.slice(0, position)), decode(pair.slice(position + 1))]
    })
  }

  #update() {
    this.#changed?.(this.toString())
  }

  get size() { return this.#pairs.length }

  append(name, value) {
    this.#pairs.push([string(name).toWellFormed(), string(value).toWellFormed()])
    this.#update()
  }

  delete(name, value) {
    this.#pairs = this.#pairs.filter(([n, v]) => n !== string(name) || (value !== undefined && v !== string(value)))
    this.#update()
  }

  get(name) {
    return this.#pairs.find(([n]) => n === string(name))?.[1] ?? null
  }

  getAll(name) {
    return this.#pairs.filter(([n]) => n === string(name)).map(([, value]) => value)
  }

  has(name, value) {
    return this.#pairs.some(([n, v]) => n === string(name) && (value === undefined || v === string(value)))
  }

  set(name, value) {
    name = string(name).toWellFormed()
    const first = this.#pairs.find(([n]) => n === name)
    if (first) {
      first[1] = string(value).toWellFormed()
      this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== name)
    } else {
      this.#pairs.push([name, string(value).toWellFormed()])
    }
    this.#update()
  }

  sort() {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    this.#update()
  }

  forEach(callback, self) {
    for (const [name, value] of this.#pairs) callback.call(self, value, name, this)
  }

  * entries() { for (const [name, value] of this.#pairs) yield [name, value] }
  * keys() { for (const [name] of this.#pairs) yield name }
  * values() { for (const [, value] of this.#pairs) yield value }
  [Symbol.iterator]() { return this.entries() }

  toString() {
    return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  }

  [custom](depth, options) {
    const shown = this.#pairs.map(([name, value]) => `${inspect(name, options)} => ${inspect(value, options)}`)
    return shown.length > 0 ? `URLSearchParams { ${shown.join(', ')} }` : 'URLSearchParams {}'
  }
}
Object.defineProperty(URLSearchParams.prototype, Symbol.toStringTag, { value: 'URLSearchParams', configurable: true })
