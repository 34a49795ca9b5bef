/** What belongs to no locale: plural rules by language, currencies, digits. */
import { ROOT } from './inheritance.js'
import { read, supplemental } from './source.js'

export function plain(locale) {
  if (locale !== ROOT) return undefined
  const { fractions } = supplemental('currencyData').currencyData
  return {
    cardinal: rules(supplemental('plurals')['plurals-type-cardinal']),
    ordinal: rules(supplemental('ordinals')['plurals-type-ordinal']),
    ranges: ranges(supplemental('pluralRanges').plurals),
    fractions: Object.fromEntries(Object.entries(fractions).map(([code, { _digits }]) => [code, Number(_digits)])),
    currencies: Object.keys(read('cldr-bcp47', 'bcp47/currency.json').keyword.u.cu).filter((code) => code.length === 3).map((code) => code.toUpperCase()),
    digits: digits(supplemental('numberingSystems').numberingSystems),
  }
}

/** Rules without the samples behind them. */
function rules(languages) {
  return Object.fromEntries(Object.entries(languages).map(([language, of]) => [
    language,
    Object.fromEntries(Object.entries(of).map(([name, rule]) => [name.replace('pluralRule-count-', ''), rule.split('@')[0].trim()])),
  ]))
}

function ranges(languages) {
  return Object.fromEntries(Object.entries(languages).map(([language, of]) => [
    language,
    Object.fromEntries(Object.entries(of).map(([name, result]) => {
      const [, start, end] = name.match(/^pluralRange-start-(\w+)-end-(\w+)$/)
      return [`${start} ${end}`, result]
    })),
  ]))
}

function digits(systems) {
  const simple = Object.entries(systems).filter(([, { _type }]) => _type === 'numeric')
  return Object.fromEntries(simple.map(([name, { _digits }]) => [name, _digits]))
}
