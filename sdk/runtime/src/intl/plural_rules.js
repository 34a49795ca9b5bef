/** `Intl.PluralRules`. */
import { ask } from './ask.js'
import { makeClass, receiver } from './classes.js'
import { digitOptions, numberText, shownDigits } from './digits.js'
import { localeList, resolveLocale, supportedLocales } from './locales.js'
import { coerceOptions, readMatcher, stringOption } from './options.js'

const SERVICE = 'Intl.PluralRules'
/** The order in which V8 shows categories. */
const CATEGORIES = ['few', 'many', 'one', 'two', 'zero', 'other']

function begin(locales, given) {
  const requested = localeList(locales)
  const options = coerceOptions(given, SERVICE)
  readMatcher(options, SERVICE)
  const type = stringOption(options, 'type', ['cardinal', 'ordinal'], 'cardinal', SERVICE)
  const digits = digitOptions(options, 0, 3, false, SERVICE)
  const { base, locale } = resolveLocale('plural-rules', requested)
  return { kind: 'PluralRules', base, locale, options: { type, notation: 'standard', compactDisplay: undefined, digits } }
}

export const PluralRules = makeClass('PluralRules', 0, begin, class {
  resolvedOptions() {
    const { base, locale, options } = receiver(this, 'PluralRules', 'resolvedOptions')
    const [counts, rounding] = shownDigits(options.digits)
    const has = ask('intl-numbers.plural-categories', base, options.type)
    return { locale, type: options.type, ...counts, pluralCategories: CATEGORIES.filter((category) => has.includes(category)), ...rounding }
  }
  select(value) {
    const { base, options } = receiver(this, 'PluralRules', 'select')
    return ask('intl-numbers.select-plural', base, options, numberText(toNumber(value)))
  }
  selectRange(start, end) {
    const { base, options } = receiver(this, 'PluralRules', 'selectRange')
    if (start === undefined) throw new TypeError('Invalid startRange : undefined')
    if (end === undefined) throw new TypeError('Invalid endRange : undefined')
    const [first, last] = [toNumber(start), toNumber(end)]
    if (Number.isNaN(first)) throw new RangeError('Invalid startRange : NaN')
    if (Number.isNaN(last)) throw new RangeError('Invalid endRange : NaN')
    return ask('intl-numbers.select-plural-range', base, options, numberText(first), numberText(last))
  }
}, { statics: { supportedLocalesOf: supportedLocales('plural-rules', 'PluralRules') } })

/** ToNumber, which refuses what `Number` converts. */
const toNumber = (value) => +value
