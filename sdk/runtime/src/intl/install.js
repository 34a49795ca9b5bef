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
  if (self === undefined || self === null) throw new TypeError(`String.prototype.${name} called on null or undefined`)
  return toText(self)
}

function toText(value) {
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

/** Classes, because what is in them is strict in whatever bundle. */
const METHODS = [
  [Number.prototype, class {
    toLocaleString(...given) { return inLocale().numberToLocale(ofNumber(this), given[0], given[1]) }
  }],
  [BigInt.prototype, class {
    toLocaleString(...given) { return inLocale().numberToLocale(ofBigInt(this), given[0], given[1]) }
  }],
  [Date.prototype, class {
    toLocaleString(...given) { return date(this, 'toLocaleString', given[0], given[1], 'any', 'all') }
    toLocaleDateString(...given) { return date(this, 'toLocaleDateString', given[0], given[1], 'date', 'date') }
    toLocaleTimeString(...given) { return date(this, 'toLocaleTimeString', given[0], given[1], 'time', 'time') }
  }],
  [String.prototype, class {
    localeCompare(that, ...given) {
      const self = text(this, 'localeCompare')
      return inLocale().compareInLocale(self, toText(that), given[0], given[1])
    }
    toLocaleLowerCase(...given) {
      const self = text(this, 'toLocaleLowerCase')
      return inLocale().caseInLocale(self, given[0], 'to-lower-case', usual(toLowerCase))
    }
    toLocaleUpperCase(...given) {
      const self = text(this, 'toLocaleUpperCase')
      return inLocale().caseInLocale(self, given[0], 'to-upper-case', usual(toUpperCase))
    }
  }],
  [Array.prototype, class {
    toLocaleString(...given) {
      const self = Object(this)
      return list(self, given[0], given[1], Math.min(Math.max(Math.trunc(Number(self.length)) || 0, 0), Number.MAX_SAFE_INTEGER))
    }
  }],
  [TypedArray.prototype, class {
    toLocaleString(...given) { return list(this, given[0], given[1], Reflect.apply(lengthOfTyped, this, [])) }
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
