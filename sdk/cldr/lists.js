/** How lists are written: each kind in three widths, by its four patterns. */
import { ofLocale } from './source.js'

const KINDS = { conjunction: 'standard', disjunction: 'or', unit: 'unit' }

export function lists(locale) {
  const { listPatterns } = ofLocale('cldr-misc-full', locale, 'listPatterns')
  const found = {}
  for (const [kind, name] of Object.entries(KINDS)) {
    found[kind] = {}
    for (const [width, suffix] of [['long', ''], ['short', '-short'], ['narrow', '-narrow']]) {
      const { start, middle, end, 2: two } = listPatterns[`listPattern-type-${name}${suffix}`]
      found[kind][width] = { two, start, middle, end }
    }
  }
  return found
}
