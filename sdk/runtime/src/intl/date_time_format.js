/** `Intl.DateTimeFormat`. */
import { ask, remembered } from './ask.js'
import { makeClass, receiver, unwrapped } from './classes.js'
import { localeList, resolveLocale, supportedLocales } from './locales.js'
import { isType, numberingKey, numberingSystemOf, numberingSystemOption } from './numbering.js'
import { booleanOption, coerceOptions, numberOption, readMatcher, stringOption, toText } from './options.js'
import { canonicalZone, defaultZone } from './time_zone.js'

const SERVICE = 'Intl.DateTimeFormat'
const CYCLES = ['h11', 'h12', 'h23', 'h24']
const WORDS = ['narrow', 'short', 'long']
const NUMBERS = ['2-digit', 'numeric']
const STYLES = ['full', 'long', 'medium', 'short']
const ZONE_NAMES = ['short', 'long', 'shortOffset', 'longOffset', 'shortGeneric', 'longGeneric']

/** Fields in the order in which they are read, and what each may be. */
const FIELDS = [
  ['weekday', WORDS], ['era', WORDS], ['year', NUMBERS], ['month', [...NUMBERS, ...WORDS]], ['day', NUMBERS], ['dayPeriod', WORDS],
  ['hour', NUMBERS], ['minute', NUMBERS], ['second', NUMBERS], ['fractionalSecondDigits'], ['timeZoneName', ZONE_NAMES],
]
const DATE = ['weekday', 'year', 'month', 'day']
const TIME = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits']

/** Other words for calendars. */
const CALENDARS = { __proto__: null, gregorian: 'gregory', islamicc: 'islamic-civil', 'ethiopic-amete-alem': 'ethioaa' }

const calendars = remembered(1, () => ask('intl-dates.calendars'))
const calendarOf = remembered(32, (locale) => ask('intl-dates.preferences', locale).calendars[0])

function knownCalendar(value) {
  const calendar = CALENDARS[value] ?? value
  return calendars('').includes(calendar) ? calendar : undefined
}

/** @param {'date' | 'time' | 'any'} required @param {'date' | 'time' | 'all'} defaults */
export function begin(locales, given, required = 'any', defaults = 'date', service = SERVICE) {
  const requested = localeList(locales)
  const options = coerceOptions(given, service)
  readMatcher(options, service)
  const calendar = stringOption(options, 'calendar')
  if (calendar !== undefined && !isType(calendar)) throw new RangeError(`Invalid calendar : ${calendar}`)
  const numberingSystem = numberingSystemOption(options)
  const hour12 = booleanOption(options, 'hour12')
  let hourCycle = stringOption(options, 'hourCycle', CYCLES, undefined, service)
  if (hour12 !== undefined) hourCycle = undefined
  const { base, locale, ca, hc, nu } = resolveLocale('date-time-format', requested, {
    ca: { option: calendar?.toLowerCase(), allows: knownCalendar },
    // With `hour12` the locale's cycle does not count.
    hc: { option: hourCycle, allows: (value) => (hour12 === undefined && CYCLES.includes(value) ? value : undefined) },
    nu: numberingKey(numberingSystem),
  })
  const { name: timeZone, shown: shownZone } = zoneOption(options)
  const fields = { __proto__: null }
  for (const [name, values] of FIELDS) {
    fields[name] = values ? stringOption(options, name, values, undefined, service) : numberOption(options, name, 1, 3, undefined)
  }
  stringOption(options, 'formatMatcher', ['basic', 'best fit'], 'best fit', service)
  const dateStyle = stringOption(options, 'dateStyle', STYLES, undefined, service)
  const timeStyle = stringOption(options, 'timeStyle', STYLES, undefined, service)
  if (dateStyle !== undefined || timeStyle !== undefined) {
    if (FIELDS.some(([name]) => fields[name] !== undefined)) throw new TypeError('Invalid option : option')
    if (required === 'date' && timeStyle !== undefined) throw new TypeError('Invalid option : timeStyle')
    if (required === 'time' && dateStyle !== undefined) throw new TypeError('Invalid option : dateStyle')
  } else {
    addDefaults(fields, required, defaults)
  }
  const { weekday, era, year, month, day, dayPeriod, hour, minute, second, fractionalSecondDigits, timeZoneName } = fields
  return {
    kind: 'DateTimeFormat', locale, shownZone, bound: undefined, resolved: undefined,
    format: {
      locale: base, calendar: ca ?? calendarOf(base), numberingSystem: nu ?? numberingSystemOf(base), timeZone, hourCycle: hc, hour12,
      weekday, era, year, month, day, dayPeriod, hour, minute, second, fractionalSecondDigits, timeZoneName, dateStyle, timeStyle,
    },
  }
}

function addDefaults(fields, required, defaults) {
  const has = (name) => fields[name] !== undefined
  if (required !== 'time' && DATE.some(has)) return
  if (required !== 'date' && TIME.some(has)) return
  if (defaults !== 'time') fields.year = fields.month = fields.day = 'numeric'
  if (defaults !== 'date') fields.hour = fields.minute = fields.second = 'numeric'
}

/** The zone that is asked for: `name` for the host, `shown` for `resolvedOptions()`. */
function zoneOption(options) {
  const { timeZone } = options
  if (timeZone === undefined) return defaultZone()
  const name = toText(timeZone)
  const zone = canonicalZone(name)
  if (zone === undefined) throw new RangeError(`Invalid time zone specified: ${name}`)
  return { name: zone, shown: zone }
}

/** The instant that is meant, as a Date can be. */
function instant(value) {
  return clipped(value === undefined ? Date.now() : +value)
}

function clipped(ms) {
  if (!(Math.abs(ms) <= 8.64e15)) throw new RangeError('Invalid time value')
  return Math.trunc(ms) + 0
}

function ends(start, end) {
  if (start === undefined || end === undefined) throw new TypeError('Invalid time value')
  const [first, last] = [+start, +end]
  return [clipped(first), clipped(last)]
}

/** An instant in words of a formatter's. */
export const formatted = ({ format }, ms) => ask('intl-dates.format', format, clipped(ms))

export const DateTimeFormat = makeClass('DateTimeFormat', 0, (locales, options) => begin(locales, options), class {
  resolvedOptions() {
    const slots = unwrapped(this, DateTimeFormat, 'DateTimeFormat', 'resolvedOptions')
    const { calendar, numberingSystem, dateStyle, timeStyle } = slots.format
    const { hourCycle, fields } = (slots.resolved ??= ask('intl-dates.resolve', slots.format))
    const isStyled = dateStyle !== undefined || timeStyle !== undefined
    return {
      locale: slots.locale, calendar, numberingSystem, timeZone: slots.shownZone,
      ...(hourCycle && { hourCycle, hour12: hourCycle === 'h11' || hourCycle === 'h12' }),
      ...(!isStyled && Object.fromEntries(fields.map(([name, value]) => [name, name === 'fractionalSecondDigits' ? Number(value) : value]))),
      ...(dateStyle && { dateStyle }), ...(timeStyle && { timeStyle }),
    }
  }
  formatToParts(date) {
    const { format } = receiver(this, 'DateTimeFormat', 'formatToParts')
    return ask('intl-dates.format-to-parts', format, instant(date)).map(({ kind, value }) => ({ type: kind, value }))
  }
  get format() {
    const slots = unwrapped(this, DateTimeFormat, 'DateTimeFormat', 'format')
    return (slots.bound ??= ((date) => ask('intl-dates.format', slots.format, instant(date))))
  }
  formatRange(start, end) {
    const { format } = receiver(this, 'DateTimeFormat', 'formatRange')
    return ask('intl-dates.format-range', format, ...ends(start, end))
  }
  formatRangeToParts(start, end) {
    const { format } = receiver(this, 'DateTimeFormat', 'formatRangeToParts')
    return ask('intl-dates.format-range-to-parts', format, ...ends(start, end)).map(({ kind, value, source }) => ({ type: kind, value, source }))
  }
}, { mayBeCalled: true, chains: true, statics: { supportedLocalesOf: supportedLocales('date-time-format', 'DateTimeFormat') } })
