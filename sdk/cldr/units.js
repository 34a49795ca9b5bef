/** Units of ECMA-402, and those made of two of them that have words of their own. */
import { ofLocale } from './source.js'

/** The simple units that ECMA-402 sanctions. */
export const SIMPLE = [
  'acre', 'bit', 'byte', 'celsius', 'centimeter', 'day', 'degree', 'fahrenheit', 'fluid-ounce', 'foot', 'gallon', 'gigabit', 'gigabyte', 'gram',
  'hectare', 'hour', 'inch', 'kilobit', 'kilobyte', 'kilogram', 'kilometer', 'liter', 'megabit', 'megabyte', 'meter', 'microsecond', 'mile',
  'mile-scandinavian', 'milliliter', 'millimeter', 'millisecond', 'minute', 'month', 'nanosecond', 'ounce', 'percent', 'petabyte', 'pound', 'second',
  'stone', 'terabit', 'terabyte', 'week', 'yard', 'year',
]

export function units(locale) {
  const all = ofLocale('cldr-units-full', locale, 'units').units
  return Object.fromEntries(['long', 'short', 'narrow'].map((width) => [width, ofWidth(all[width])]))
}

function ofWidth(all) {
  const written = { per: all.per.compoundUnitPattern, units: {} }
  for (const [key, of] of Object.entries(all)) {
    const unit = key.replace(/^[a-z]+?-/, '')
    if (!unit.split('-per-').every((simple) => SIMPLE.includes(simple))) continue
    const one = (written.units[unit] = {})
    for (const [name, pattern] of Object.entries(of)) {
      const count = name.match(/^unitPattern-count-(\w+)$/)?.[1]
      if (count) one[count] = pattern
    }
    if (of.perUnitPattern) one.per = of.perUnitPattern
  }
  return written
}
