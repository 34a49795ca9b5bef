/** What the methods `toLocale…` and `localeCompare` do, by the classes of Intl. */
import { ask } from './ask.js'
import { defaultLocale, localeList } from './locales.js'
import { defaultZone } from './time_zone.js'

/** Classes, each evaluated when it is first needed; a `require` of a known one is not free. */
let numbers
let dates
let collators

/** Formatters that calls share: a few, because each call would make one, as in a sort or a loop. */
const MOST = 32
const shared = new Map()

/** Options in the order in which each class reads them. */
const READ = {
  number: `localeMatcher numberingSystem style currency currencyDisplay currencySign unit unitDisplay notation minimumIntegerDigits
    minimumFractionDigits maximumFractionDigits minimumSignificantDigits maximumSignificantDigits roundingIncrement roundingMode
    roundingPriority trailingZeroDisplay compactDisplay useGrouping signDisplay`.split(/\s+/),
  date: `localeMatcher calendar numberingSystem hour12 hourCycle timeZone weekday era year month day dayPeriod hour minute second
    fractionalSecondDigits timeZoneName formatMatcher dateStyle timeStyle`.split(/\s+/),
  collator: 'usage localeMatcher collation numeric caseFirst sensitivity ignorePunctuation'.split(' '),
}

/** A formatter by `begin`: a known one, if a locale and plain options are asked for that were before. */
function formatter(kind, detail, begin, locales, options) {
  const mayBeShared = (locales === undefined || typeof locales === 'string') && (options === undefined || (typeof options === 'object' && options !== null))
  if (!mayBeShared) return begin(locales, options)
  let key = `${kind} ${detail} ${locales ?? ''}`
  let read
  if (options !== undefined) {
    read = { __proto__: null }
    for (const name of READ[kind]) {
      const value = options[name]
      if (value === undefined) continue
      read[name] = value
      if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') key = undefined
      if (key !== undefined) key += `\n${name} ${typeof value} ${value}`
    }
  }
  if (key === undefined || key.length > 500) return begin(locales, read)
  let known = shared.get(key)
  if (known === undefined) {
    known = begin(locales, read)
    if (shared.size >= MOST) shared.clear()
    shared.set(key, known)
  }
  return known
}

export function numberToLocale(value, locales, options) {
  const { begin, formatted } = (numbers ??= require('./number_format.js'))
  const Type = typeof value === 'bigint' ? 'BigInt' : 'Number'
  const make = (tags, wanted) => begin(tags, wanted, `${Type}.prototype.toLocaleString`)
  return formatted(formatter('number', '', make, locales, options), value)
}

export function dateToLocale(ms, name, locales, options, required, defaults) {
  const { begin, formatted } = (dates ??= require('./date_time_format.js'))
  const make = (tags, wanted) => begin(tags, wanted, required, defaults, `Date.prototype.${name}`)
  return formatted(formatter('date', `${name} ${defaultZone().name}`, make, locales, options), ms)
}

/** The order of who names none. */
let usualOrder

export function compareInLocale(x, y, locales, options) {
  const { begin, compare } = (collators ??= require('./collator.js'))
  if (locales === undefined && options === undefined) return compare(usualOrder ??= begin(), x, y)
  return compare(formatter('collator', '', beginOrder, locales, options), x, y)
}

const beginOrder = (locales, options) => collators.begin(locales, options, 'String.prototype.localeCompare')

/** Languages in which a letter's other case is another than elsewhere. */
const SPECIAL = ['az', 'el', 'lt', 'tr']
/** How much of a text the host takes at once, in code units. */
const PIECE = 16_384

/** @param {'to-lower-case' | 'to-upper-case'} change @param {(text: string) => string} usual as in other languages */
export function caseInLocale(text, locales, change, usual) {
  const [tag = defaultLocale()] = localeList(locales)
  const [language] = tag.split('-')
  if (!SPECIAL.includes(language)) return usual(text)
  let changed = ''
  for (let from = 0; from < text.length;) {
    const to = endOfPiece(text, from + PIECE)
    changed += ask(`intl-text.${change}`, language, text.slice(from, to))
    from = to
  }
  return changed
}

/** Where a piece may end: before a letter that begins a word, so that no letter is parted from its marks. */
function endOfPiece(text, to) {
  if (to >= text.length) return text.length
  const space = text.lastIndexOf(' ', to)
  return space > to - PIECE / 2 ? space : to
}
