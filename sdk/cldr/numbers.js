/** How numbers are written: symbols and patterns of each numbering system that a locale has. */
import { ofLocale } from './source.js'

/**
 * What CLDR's root says of Arabic digits in any locale. The npm packages have it only where a
 * locale uses them.
 */
const EVERYWHERE = {
  arab: {
    symbols: {
      decimal: '\u066b', group: '\u066c', list: '\u061b', percentSign: '\u066a\u061c', plusSign: '\u061c+', minusSign: '\u061c-',
      approximatelySign: '~', exponential: '\u0627\u0633', superscriptingExponent: '\u00d7', perMille: '\u0609', infinity: '\u221e', nan: 'NaN',
      timeSeparator: ':',
    },
    percent: '#,##0%',
    currency: { standard: '#,##0.00\u00a0\u00a4', accounting: '#,##0.00\u00a0\u00a4' },
  },
  arabext: {
    symbols: {
      decimal: '\u066b', group: '\u066c', list: '\u061b', percentSign: '\u066a', plusSign: '\u200e+\u200e', minusSign: '\u200e-\u200e',
      approximatelySign: '~', exponential: '\u00d7\u06f1\u06f0^', superscriptingExponent: '\u00d7', perMille: '\u0609', infinity: '\u221e', nan: 'NaN',
      timeSeparator: '\u066b',
    },
  },
}

export function numbers(locale) {
  const of = ofLocale('cldr-numbers-full', locale, 'numbers').numbers
  const systems = { ...EVERYWHERE }
  for (const key of Object.keys(of)) {
    const system = key.match(/^symbols-numberSystem-(\w+)$/)?.[1]
    if (system) systems[system] = { ...EVERYWHERE[system], ...ofSystem((kind) => of[`${kind}-numberSystem-${system}`]) }
  }
  const latin = of['currencyFormats-numberSystem-latn']
  return {
    system: of.defaultNumberingSystem,
    other: of.otherNumberingSystems,
    minimumGrouping: Number(of.minimumGroupingDigits),
    systems,
    named: plurals(latin, /^unitPattern-count-(.+)$/),
  }
}

function ofSystem(kind) {
  const decimal = kind('decimalFormats')
  const currency = kind('currencyFormats')
  const { beforeCurrency, afterCurrency } = currency.currencySpacing
  return {
    symbols: kind('symbols'),
    decimal: decimal.standard,
    percent: kind('percentFormats').standard,
    scientific: kind('scientificFormats').standard,
    short: byPower(decimal.short.decimalFormat),
    long: byPower(decimal.long.decimalFormat),
    range: kind('miscPatterns').range,
    currency: {
      standard: currency.standard,
      standardAlpha: currency['standard-alphaNextToNumber'],
      accounting: currency.accounting,
      accountingAlpha: currency['accounting-alphaNextToNumber'],
      before: beforeCurrency,
      after: afterCurrency,
      short: byPower(currency.short?.standard ?? {}),
    },
  }
}

/** `1000-count-one` and its like, as `{ 1000: { one: … } }`. */
function byPower(patterns) {
  const powers = {}
  for (const [key, pattern] of Object.entries(patterns)) {
    const [, power, count, alpha] = key.match(/^(\d+)-count-(\w+?)(-alt-alphaNextToNumber)?$/)
    const name = alpha ? 'alpha' : 'plain'
    powers[name] ??= {}
    powers[name][power] ??= {}
    powers[name][power][count] = pattern
  }
  return powers
}

function plurals(of, name) {
  const found = {}
  for (const [key, pattern] of Object.entries(of)) {
    const count = key.match(name)?.[1]
    if (count) found[count] = pattern
  }
  return found
}
