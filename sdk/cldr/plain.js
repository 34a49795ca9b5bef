/** What belongs to no locale: plural rules by language, currencies, digits. */
import { ROOT } from './inheritance.js'
import { supplemental } from './source.js'

/** Currencies that no region has now, and ICU goes on to name among those in use. */
const STILL = ['ANG', 'BGN', 'CUC', 'HRK', 'SLL', 'SVC', 'XDR', 'XSU', 'ZWL']

export function plain(locale) {
  if (locale !== ROOT) return undefined
  const { fractions, region } = supplemental('currencyData').currencyData
  return {
    cardinal: rules(supplemental('plurals')['plurals-type-cardinal']),
    ordinal: rules(supplemental('ordinals')['plurals-type-ordinal']),
    ranges: ranges(supplemental('pluralRanges').plurals),
    fractions: Object.fromEntries(Object.entries(fractions).map(([code, { _digits }]) => [code, Number(_digits)])),
    currencies: current(region),
    digits: digits(supplemental('numberingSystems').numberingSystems),
  }
}

/** The currencies that are paid with somewhere. */
function current(regions) {
  const tenders = Object.values(regions).flat().flatMap(Object.entries)
  const now = tenders.filter(([, { _to, _tender }]) => !_to && _tender !== 'false').map(([code]) => code)
  return [...new Set([...now, ...STILL])].sort()
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
