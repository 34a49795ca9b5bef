/**
 * `Date` in the time of `process.env.TZ`: the engine's own dates are in UTC.
 *
 * It is put in place when a zone that is not UTC is first set; a bot without one has none of it. A local time is a date of
 * the engine's whose UTC is that time.
 */
import { ask } from './ask.js'
import { addMembers, isObject } from './classes.js'
import { Clocks } from './clocks.js'
import { defaultLocale } from './locales.js'
import { canonicalZone } from './time_zone.js'

const Native = globalThis.Date
const { prototype } = Native
/** The engine's methods, by their names. */
const native = Object.fromEntries(Object.getOwnPropertyNames(prototype).map((name) => [name, prototype[name]]))
const { UTC, parse } = Native

/** The clocks of the zone, or `undefined` in UTC. */
let clocks
let isInPlace = false

/** Makes a zone the one that dates are in; what is none counts as UTC, as on Node. */
export function setZone(name) {
  const zone = name && canonicalZone(name)
  clocks = zone && zone !== 'UTC' ? new Clocks(zone) : undefined
  if (clocks === undefined || isInPlace) return
  isInPlace = true
  putInPlace()
}

const timeOf = (date) => Reflect.apply(native.getTime, date, [])

/** The local time of a date, as a date in UTC. */
function local(date) {
  const ms = timeOf(date)
  return new Native(Number.isNaN(ms) || clocks === undefined ? ms : ms + clocks.offsetAt(ms))
}

const instantOf = (ms) => (clocks === undefined || Number.isNaN(ms) ? ms : clocks.instantOf(ms))

/** A method that reads the local time as `of` reads UTC. */
const reads = (name, of) => ({ [name]() { return Reflect.apply(native[of], local(this), []) } })[name]

/** A method that changes the local time as `of` changes UTC. */
function changes(name, of) {
  const method = {
    [name](...values) {
      const changed = local(this)
      Reflect.apply(native[of], changed, values)
      return Reflect.apply(native.setTime, this, [instantOf(timeOf(changed))])
    },
  }[name]
  return Object.defineProperty(method, 'length', { value: native[name].length, configurable: true })
}

const FIELDS = ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']

/** Whether a text that is a date says itself of which zone it is. */
function namesZone(text) {
  const plain = text.replace(/\([^)]*\)/g, ' ')
  if (/^\s*([+-]\d{6}|\d{4})(-\d\d(-\d\d)?)?\s*$/.test(plain)) return true
  return /\d\s*Z\s*$|\b(UTC?|GMT|[ECMP][SD]T)\b/i.test(plain) || /:\d\d(:\d\d([.,]\d+)?)?\s*([AP]M)?\s*[+-]\d/i.test(plain)
}

function parsed(text) {
  const ms = Reflect.apply(parse, Native, [text])
  return clocks === undefined || Number.isNaN(ms) || namesZone(text) ? ms : instantOf(ms)
}

function valueOf(value) {
  if (isObject(value)) {
    try {
      return timeOf(value)
    } catch {
      value = primitive(value)
    }
  }
  return typeof value === 'string' ? parsed(value) : Number(typeof value === 'bigint' ? +value : value)
}

/** ToPrimitive without a hint. */
function primitive(value) {
  const exotic = value[Symbol.toPrimitive]
  const methods = exotic === undefined || exotic === null ? [value.valueOf, value.toString] : [exotic]
  for (const method of methods) {
    const given = typeof method === 'function' ? Reflect.apply(method, value, ['default']) : value
    if (!isObject(given)) return given
  }
  throw new TypeError('Cannot convert object to primitive value')
}

function LocalDate(...values) {
  if (new.target === undefined) return new Native().toString()
  const ms = values.length === 0 ? Native.now() : values.length === 1 ? valueOf(values[0]) : instantOf(Reflect.apply(UTC, Native, values))
  return Reflect.construct(Native, [ms], new.target)
}

/** Names of zones begin in 1970; what was before is called as it was so many years later, in a year of the same days. */
const NAMED_LATER = 28 * 365.25 * 86_400_000

/** `GMT-0300 (Brasilia Standard Time)`. */
function zoneText(ms) {
  if (clocks === undefined) return 'GMT+0000 (Coordinated Universal Time)'
  const offset = Math.trunc(clocks.offsetAt(ms) / 60_000)
  const minutes = Math.abs(offset)
  const digits = `${Math.floor(minutes / 60)}`.padStart(2, '0') + `${minutes % 60}`.padStart(2, '0')
  const named = ms < 0 ? NAMED_LATER - (-ms % NAMED_LATER) : ms
  return `GMT${offset < 0 ? '-' : '+'}${digits} (${ask('intl-dates.time-zone-name', clocks.zone, named, defaultLocale(), 'long')})`
}

/** Day and time as the engine writes them: `Wed Dec 31 1969` and `21:00:00`. */
function texts(date) {
  const at = local(date)
  const [day, time] = [Reflect.apply(native.toDateString, at, []), Reflect.apply(native.toTimeString, at, [])]
  return { day, time: time.slice(0, 8) }
}

const isInvalid = (date) => Number.isNaN(timeOf(date))

class Methods {
  getTimezoneOffset() {
    const ms = timeOf(this)
    return Number.isNaN(ms) || clocks === undefined ? ms * 0 : 0 - Math.trunc(clocks.offsetAt(ms) / 60_000)
  }
  toString() {
    if (isInvalid(this)) return 'Invalid Date'
    const { day, time } = texts(this)
    return `${day} ${time} ${zoneText(timeOf(this))}`
  }
  toDateString() { return isInvalid(this) ? 'Invalid Date' : texts(this).day }
  toTimeString() { return isInvalid(this) ? 'Invalid Date' : `${texts(this).time} ${zoneText(timeOf(this))}` }
  getYear() { return Reflect.apply(native.getUTCFullYear, local(this), []) - 1900 }
  setYear(value) {
    const year = +value
    const whole = Math.trunc(year)
    if (Number.isNaN(year)) return Reflect.apply(native.setTime, this, [NaN])
    return this.setFullYear(whole >= 0 && whole <= 99 ? 1900 + whole : year)
  }
}

class Statics {
  parse(text) { return parsed(`${text}`) }
}

function putInPlace() {
  for (const field of FIELDS) {
    define(prototype, `get${field}`, reads(`get${field}`, `getUTC${field}`))
    if (field !== 'Day') define(prototype, `set${field}`, changes(`set${field}`, `setUTC${field}`))
  }
  addMembers(prototype, Methods.prototype)
  Object.defineProperty(LocalDate, 'name', { value: 'Date', configurable: true })
  Object.defineProperty(LocalDate, 'length', { value: 7, configurable: true })
  Object.defineProperty(LocalDate, 'prototype', { value: prototype, writable: false })
  define(LocalDate, 'now', Native.now)
  define(LocalDate, 'UTC', UTC)
  addMembers(LocalDate, Statics.prototype)
  define(prototype, 'constructor', LocalDate)
  define(globalThis, 'Date', LocalDate)
}

function define(target, name, value) {
  Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true })
}
