/** What the methods `toLocale…` and `localeCompare` do, by the classes of Intl. */
import { ask } from './ask.js'
import { defaultLocale, localeList } from './locales.js'
import { defaultZone } from './time_zone.js'

/** Formatters that calls without options share: a few, because each call would make one. */
const MOST = 16
const shared = new Map()

/** A formatter by `begin`: a known one, if nothing but a locale, or not even that, is asked for. */
function formatter(kind, begin, locales, options) {
  if (options !== undefined || (locales !== undefined && typeof locales !== 'string')) return begin(locales, options)
  const key = `${kind} ${locales ?? ''}`
  let known = shared.get(key)
  if (known === undefined) {
    known = begin(locales, undefined)
    if (shared.size >= MOST) shared.clear()
    shared.set(key, known)
  }
  return known
}

export function numberToLocale(value, locales, options) {
  const { begin, formatted } = require('./number_format.js')
  const make = (tags, wanted) => begin(tags, wanted, `${typeof value === 'bigint' ? 'BigInt' : 'Number'}.prototype.toLocaleString`)
  return formatted(formatter('number', make, locales, options), value)
}

export function dateToLocale(ms, name, locales, options, required, defaults) {
  const { begin, formatted } = require('./date_time_format.js')
  const make = (tags, wanted) => begin(tags, wanted, required, defaults, `Date.prototype.${name}`)
  const zone = options === undefined ? defaultZone() : ''
  return formatted(formatter(`${required} ${defaults} ${zone}`, make, locales, options), ms)
}

export function compareInLocale(x, y, locales, options) {
  const { begin, compare } = require('./collator.js')
  const make = (tags, wanted) => begin(tags, wanted, 'String.prototype.localeCompare')
  return compare(formatter('collator', make, locales, options), x, y)
}

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
