/** `Intl.RelativeTimeFormat`. */
import { ask } from './ask.js'
import { makeClass, receiver } from './classes.js'
import { numberText } from './digits.js'
import { localeList, resolveLocale, supportedLocales } from './locales.js'
import { numberingKey, numberingSystemOf, numberingSystemOption } from './numbering.js'
import { coerceOptions, readMatcher, stringOption, toText } from './options.js'

const SERVICE = 'Intl.RelativeTimeFormat'
const UNITS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']

function begin(locales, given) {
  const requested = localeList(locales)
  const options = coerceOptions(given, SERVICE)
  readMatcher(options, SERVICE)
  const numberingSystem = numberingSystemOption(options)
  const { base, locale, nu } = resolveLocale('relative-time-format', requested, { nu: numberingKey(numberingSystem) })
  const style = stringOption(options, 'style', ['long', 'short', 'narrow'], 'long', SERVICE)
  const numeric = stringOption(options, 'numeric', ['always', 'auto'], 'always', SERVICE)
  return { kind: 'RelativeTimeFormat', base, locale, options: { numberingSystem: nu ?? numberingSystemOf(base), style, numeric } }
}

/** What both methods are called with: the locale, the options, the number and the unit in the singular. */
function call(self, method, value, unit) {
  const { base, options } = receiver(self, 'RelativeTimeFormat', method)
  const number = +value
  const text = toText(unit)
  const singular = text.replace(/s$/, '')
  if (!Number.isFinite(number)) throw new RangeError(`Value need to be finite number for ${SERVICE}.prototype.${method}()`)
  if (!UNITS.includes(singular)) throw new RangeError(`Invalid unit argument for ${SERVICE}.prototype.${method}() '${text}'`)
  return [base, options, numberText(number), singular]
}

export const RelativeTimeFormat = makeClass('RelativeTimeFormat', 0, begin, class {
  resolvedOptions() {
    const { locale, options: { style, numeric, numberingSystem } } = receiver(this, 'RelativeTimeFormat', 'resolvedOptions')
    return { locale, style, numeric, numberingSystem }
  }
  format(value, unit) {
    return ask('intl-numbers.format-relative-time', ...call(this, 'format', value, unit))
  }
  formatToParts(value, unit) {
    const asked = call(this, 'formatToParts', value, unit)
    return ask('intl-numbers.relative-time-parts', ...asked).map((part) => (part.type === 'literal' ? part : { ...part, unit: asked[3] }))
  }
}, { statics: { supportedLocalesOf: supportedLocales('relative-time-format', 'RelativeTimeFormat') } })
