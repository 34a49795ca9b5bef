/** Puts Intl in place, and the methods that answer in a language: all of it is evaluated at first use. */
import { addMembers } from './classes.js'

let loaded
const inLocale = () => (loaded ??= require('./to_locale.js'))

const valueOf = {
  number: Number.prototype.valueOf, bigint: BigInt.prototype.valueOf, date: Date.prototype.getTime,
}
const { toLowerCase, toUpperCase } = String.prototype
const usual = (method) => (text) => Reflect.apply(method, text, [])

/** The receiver's own value. */
function own(method, self, complaint) {
  try {
    return Reflect.apply(method, self, [])
  } catch {
    throw new TypeError(complaint())
  }
}

const ofNumber = (self) => own(valueOf.number, self, () => "Number.prototype.toLocaleString requires that 'this' be a Number")
const ofBigInt = (self) => own(valueOf.bigint, self, () => "BigInt.prototype.toLocaleString requires that 'this' be a BigInt")
const ofDate = (self, name) => own(valueOf.date, self, () => `Method Date.prototype.${name} called on incompatible receiver ${String(self)}`)

function text(self, name) {
  if (typeof self === 'string') return self
  if (self === undefined || self === null) throw new TypeError(`String.prototype.${name} called on null or undefined`)
  return toText(self)
}

function toText(value) {
  if (typeof value === 'string') return value
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string')
  return `${value}`
}

function date(self, name, locales, options, required, defaults) {
  const ms = ofDate(self, name)
  return Number.isNaN(ms) ? 'Invalid Date' : inLocale().dateToLocale(ms, name, locales, options, required, defaults)
}

/** Lists that are being written: one that has itself as an item writes nothing there. */
const under = new Set()

function list(self, locales, options, length) {
  if (under.has(self)) return ''
  under.add(self)
  try {
    let written = ''
    for (let k = 0; k < length; k++) {
      const item = self[k]
      if (k > 0) written += ','
      if (item !== undefined && item !== null) written += toText(item.toLocaleString(locales, options))
    }
    return written
  } finally {
    under.delete(self)
  }
}

const TypedArray = Object.getPrototypeOf(Uint8Array)
const lengthOfTyped = Object.getOwnPropertyDescriptor(TypedArray.prototype, 'length').get

/** Classes, because what is in them is strict in whatever bundle; parameters with a default do not count for `length`. */
const METHODS = [
  [Number.prototype, class {
    toLocaleString(locales = undefined, options = undefined) { return inLocale().numberToLocale(ofNumber(this), locales, options) }
  }],
  [BigInt.prototype, class {
    toLocaleString(locales = undefined, options = undefined) { return inLocale().numberToLocale(ofBigInt(this), locales, options) }
  }],
  [Date.prototype, class {
    toLocaleString(locales = undefined, options = undefined) { return date(this, 'toLocaleString', locales, options, 'any', 'all') }
    toLocaleDateString(locales = undefined, options = undefined) { return date(this, 'toLocaleDateString', locales, options, 'date', 'date') }
    toLocaleTimeString(locales = undefined, options = undefined) { return date(this, 'toLocaleTimeString', locales, options, 'time', 'time') }
  }],
  [String.prototype, class {
    localeCompare(that, locales = undefined, options = undefined) {
      const self = text(this, 'localeCompare')
      return inLocale().compareInLocale(self, toText(that), locales, options)
    }
    toLocaleLowerCase(locales = undefined) {
      const self = text(this, 'toLocaleLowerCase')
      return inLocale().caseInLocale(self, locales, 'to-lower-case', usual(toLowerCase))
    }
    toLocaleUpperCase(locales = undefined) {
      const self = text(this, 'toLocaleUpperCase')
      return inLocale().caseInLocale(self, locales, 'to-upper-case', usual(toUpperCase))
    }
  }],
  [Array.prototype, class {
    toLocaleString(locales = undefined, options = undefined) {
      const self = Object(this)
      return list(self, locales, options, Math.min(Math.max(Math.trunc(Number(self.length)) || 0, 0), Number.MAX_SAFE_INTEGER))
    }
  }],
  [TypedArray.prototype, class {
    toLocaleString(locales = undefined, options = undefined) { return list(this, locales, options, Reflect.apply(lengthOfTyped, this, [])) }
  }],
]

export function install() {
  for (const [prototype, methods] of METHODS) addMembers(prototype, methods.prototype)
  const define = (value) => Object.defineProperty(globalThis, 'Intl', { value, writable: true, enumerable: false, configurable: true })
  Object.defineProperty(globalThis, 'Intl', {
    get() {
      const { Intl } = require('./index.js')
      define(Intl)
      return Intl
    },
    set: define,
    enumerable: false,
    configurable: true,
  })
}
