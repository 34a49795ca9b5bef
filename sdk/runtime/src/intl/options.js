/** Options as ECMA-402 reads them, refused in V8's words. */
import { isObject } from './classes.js'

/** Any value as options (CoerceOptionsToObject). */
export function coerceOptions(options, service) {
  if (options === undefined) return Object.create(null)
  if (options === null) throw new TypeError(`${service} called on null or undefined`)
  return Object(options)
}

/** Options that must be an object (GetOptionsObject). */
export function optionsObject(options) {
  if (options === undefined) return Object.create(null)
  if (!isObject(options)) throw new TypeError('invalid_argument')
  return options
}

/** An option that is a text, one of `values` if they are given. */
export function stringOption(options, name, values, fallback, service) {
  let value = options[name]
  if (value === undefined) return fallback
  value = toText(value)
  if (values !== undefined && !values.includes(value)) throw outOfRange(value, service, name)
  return value
}

export function booleanOption(options, name) {
  const value = options[name]
  return value === undefined ? undefined : Boolean(value)
}

/** An option that is a whole number. */
export function numberOption(options, name, least, most, fallback) {
  return wholeNumber(options[name], name, least, most, fallback)
}

export function wholeNumber(value, name, least, most, fallback) {
  if (value === undefined) return fallback
  const number = Number(value)
  if (!(number >= least && number <= most)) throw new RangeError(`${name} value is out of range.`)
  return Math.floor(number)
}

export function outOfRange(value, service, name) {
  return new RangeError(`Value ${value} out of range for ${service} options property ${name}`)
}

/** ToString, which refuses symbols. */
export function toText(value) {
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string')
  return `${value}`
}

/** Reads `localeMatcher`, which must be one of two words. */
export function readMatcher(options, service) {
  stringOption(options, 'localeMatcher', ['lookup', 'best fit'], undefined, service)
}
