/** `Intl.NumberFormat`. */
import { ask, remembered } from './ask.js'
import { makeClass, receiver, unwrapped } from './classes.js'
import { digitOptions, exactText, shownDigits } from './digits.js'
import { localeList, resolveLocale, supportedLocales } from './locales.js'
import { coerceOptions, readMatcher, stringOption } from './options.js'
import { numberingKey, numberingSystemOf, numberingSystemOption } from './numbering.js'

const SERVICE = 'Intl.NumberFormat'
const STYLES = ['decimal', 'percent', 'currency', 'unit']
const DISPLAYS = ['code', 'symbol', 'narrowSymbol', 'name']
const NOTATIONS = ['standard', 'scientific', 'engineering', 'compact']
const SIGNS = ['auto', 'never', 'always', 'exceptZero', 'negative']

const simpleUnits = remembered(1, () => ask('intl-numbers.units'))
const digitsOf = remembered(16, (currency) => ask('intl-numbers.currency-digits', currency))

/** What a formatter is: the locale that serves, what `resolvedOptions` shows, and the host's record. */
export function begin(locales, given, service = SERVICE) {
  const requested = localeList(locales)
  const options = coerceOptions(given, service)
  const choose = (name, values, fallback) => stringOption(options, name, values, fallback, service)
  readMatcher(options, service)
  const numberingSystem = numberingSystemOption(options)
  const { base, locale, nu } = resolveLocale('number-format', requested, { nu: numberingKey(numberingSystem) })

  const style = choose('style', STYLES, 'decimal')
  const currency = currencyOption(options, style)
  const currencyDisplay = choose('currencyDisplay', DISPLAYS, 'symbol')
  const currencySign = choose('currencySign', ['standard', 'accounting'], 'standard')
  const unit = unitOption(options, style)
  const unitDisplay = choose('unitDisplay', ['short', 'narrow', 'long'], 'short')
  const notation = choose('notation', NOTATIONS, 'standard')
  const isCurrency = style === 'currency'
  const isUnit = style === 'unit'
  const isCompact = notation === 'compact'
  const least = isCurrency ? digitsOf(currency) : 0
  const most = isCurrency ? least : style === 'percent' ? 0 : 3
  const digits = digitOptions(options, least, most, isCompact, service)
  const compactDisplay = choose('compactDisplay', ['short', 'long'], 'short')
  const useGrouping = groupingOption(options, isCompact ? 'min2' : 'auto', service)
  const signDisplay = choose('signDisplay', SIGNS, 'auto')
  return {
    kind: 'NumberFormat', base, locale, bound: undefined,
    format: {
      numberingSystem: nu ?? numberingSystemOf(base), style,
      currency: isCurrency ? currency : undefined,
      currencyDisplay: isCurrency ? currencyDisplay : undefined,
      currencySign: isCurrency ? currencySign : undefined,
      unit: isUnit ? unit : undefined,
      unitDisplay: isUnit ? unitDisplay : undefined,
      digits, notation,
      compactDisplay: isCompact ? compactDisplay : undefined,
      useGrouping, signDisplay,
    },
  }
}

function currencyOption(options, style) {
  const currency = stringOption(options, 'currency')
  if (currency === undefined) {
    if (style === 'currency') throw new TypeError('Currency code is required with currency style.')
    return undefined
  }
  if (!/^[a-z]{3}$/i.test(currency)) throw new RangeError(`Invalid currency code : ${currency}`)
  return currency.toUpperCase()
}

function unitOption(options, style) {
  const unit = stringOption(options, 'unit')
  if (unit === undefined) {
    if (style === 'unit') throw new TypeError("Invalid unit argument for Intl.NumberFormat() ''")
    return undefined
  }
  const units = simpleUnits('')
  if (!units.includes(unit)) {
    const [one, other, ...more] = unit.split('-per-')
    if (more.length > 0 || !units.includes(one) || !units.includes(other)) throw new RangeError(`Invalid unit argument for Intl.NumberFormat() '${unit}'`)
  }
  return unit
}

function groupingOption(options, fallback, service) {
  const value = options.useGrouping
  if (value === undefined) return fallback
  if (value === true) return 'always'
  if (!value) return 'false'
  const text = stringOption({ useGrouping: value }, 'useGrouping')
  if (text === 'true' || text === 'false') return fallback
  return stringOption({ useGrouping: text }, 'useGrouping', ['min2', 'auto', 'always'], fallback, service)
}

/** A number in words of a formatter's locale. */
export const formatted = ({ base, format }, value) => ask('intl-numbers.format-number', base, format, exactText(value))

/** Both ends of a range as texts. */
function ends(start, end) {
  if (start === undefined) throw new TypeError('Invalid start : undefined')
  if (end === undefined) throw new TypeError('Invalid end : undefined')
  const texts = [exactText(start), exactText(end)]
  if (texts[0] === 'NaN') throw new RangeError(`Invalid start : ${start}`)
  if (texts[1] === 'NaN') throw new RangeError(`Invalid end : ${end}`)
  return texts
}

export const NumberFormat = makeClass('NumberFormat', 0, (locales, options) => begin(locales, options), class {
  resolvedOptions() {
    const { locale, format } = unwrapped(this, NumberFormat, 'NumberFormat', 'resolvedOptions')
    const [counts, rounding] = shownDigits(format.digits)
    const { numberingSystem, style, useGrouping, notation, compactDisplay, signDisplay } = format
    const ofStyle = ['currency', 'currencyDisplay', 'currencySign', 'unit', 'unitDisplay'].filter((name) => format[name] !== undefined)
    return {
      locale, numberingSystem, style, ...Object.fromEntries(ofStyle.map((name) => [name, format[name]])), ...counts,
      useGrouping: useGrouping === 'false' ? false : useGrouping, notation, ...(compactDisplay && { compactDisplay }), signDisplay, ...rounding,
    }
  }
  formatToParts(value) {
    const { base, format } = receiver(this, 'NumberFormat', 'formatToParts')
    return ask('intl-numbers.number-parts', base, format, exactText(value))
  }
  get format() {
    const slots = unwrapped(this, NumberFormat, 'NumberFormat', 'format')
    return (slots.bound ??= ((value) => formatted(slots, value)))
  }
  formatRange(start, end) {
    const { base, format } = receiver(this, 'NumberFormat', 'formatRange')
    return ask('intl-numbers.format-number-range', base, format, ...ends(start, end))
  }
  formatRangeToParts(start, end) {
    const { base, format } = receiver(this, 'NumberFormat', 'formatRangeToParts')
    return ask('intl-numbers.number-range-parts', base, format, ...ends(start, end))
  }
}, { mayBeCalled: true, chains: true, statics: { supportedLocalesOf: supportedLocales('number-format', 'NumberFormat') } })
