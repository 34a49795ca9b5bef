/** `Intl.DisplayNames`. */
import { ask } from './ask.js'
import { isObject, makeClass, receiver } from './classes.js'
import { canonicalTag, localeList, resolveLocale, supportedLocales } from './locales.js'
import { isType } from './numbering.js'
import { readMatcher, stringOption, toText } from './options.js'

const SERVICE = 'Intl.DisplayNames'
const TYPES = ['language', 'region', 'script', 'currency', 'calendar', 'dateTimeField']
const FIELDS = ['era', 'year', 'quarter', 'month', 'weekOfYear', 'weekday', 'day', 'dayPeriod', 'hour', 'minute', 'second', 'timeZoneName']

function begin(locales, options) {
  const requested = localeList(locales)
  if (!isObject(options)) throw new TypeError('invalid_argument')
  readMatcher(options, SERVICE)
  const style = stringOption(options, 'style', ['narrow', 'short', 'long'], 'long', SERVICE)
  const type = stringOption(options, 'type', TYPES, undefined, SERVICE)
  if (type === undefined) throw new TypeError('invalid_argument')
  const fallback = stringOption(options, 'fallback', ['code', 'none'], 'code', SERVICE)
  const { base, locale } = resolveLocale('display-names', requested)
  const languageDisplay = stringOption(options, 'languageDisplay', ['dialect', 'standard'], 'dialect', SERVICE)
  return { kind: 'DisplayNames', base, locale, fallback, options: { type, style, languageDisplay: type === 'language' ? languageDisplay : undefined } }
}

const LANGUAGE = /^([a-z]{2,3}|[a-z]{5,8})(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z\d]{5,8}|\d[a-z\d]{3}))*$/i

/** Codes of each type as their names are looked up; what is none gives nothing. As in V8 only those of languages and currencies may be in any case. */
const CANONICAL = {
  language: (code) => (LANGUAGE.test(code) ? canonicalTag(code) : undefined),
  region: (code) => (/^([a-z]{2}|\d{3})$/i.test(code) ? code : undefined),
  script: (code) => (/^[a-z]{4}$/i.test(code) ? code : undefined),
  currency: (code) => (/^[a-z]{3}$/i.test(code) ? code.toUpperCase() : undefined),
  calendar: (code) => (isType(code) ? code : undefined),
  dateTimeField: (code) => (FIELDS.includes(code) ? code : undefined),
}

function canonicalCode(type, code) {
  try {
    const canonical = CANONICAL[type](code)
    if (canonical !== undefined) return canonical
  } catch {
    // Two variants that are the same, for instance.
  }
  throw new RangeError('invalid_argument')
}

export const DisplayNames = makeClass('DisplayNames', 2, begin, class {
  resolvedOptions() {
    const { locale, fallback, options: { type, style, languageDisplay } } = receiver(this, 'DisplayNames', 'resolvedOptions')
    return { locale, style, type, fallback, ...(languageDisplay && { languageDisplay }) }
  }
  of(value) {
    const { base, fallback, options } = receiver(this, 'DisplayNames', 'of')
    const code = toText(value)
    const canonical = canonicalCode(options.type, code)
    // As V8: of a language the canonical code stands for its name, of others what was asked for.
    const last = options.type !== 'language' ? code : canonical === 'und' ? 'root' : canonical
    return ask('intl-numbers.display-name', base, options, canonical) ?? (fallback === 'code' ? last : undefined)
  }
}, { statics: { supportedLocalesOf: supportedLocales('display-names', 'DisplayNames') } })
