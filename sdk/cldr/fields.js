/** Relative times, and what the fields of a date are called. */
import { ofLocale } from './source.js'

/** CLDR's names of the fields, by ECMA-402's. */
const FIELDS = {
  era: 'era', year: 'year', quarter: 'quarter', month: 'month', weekOfYear: 'week', weekday: 'weekday', day: 'day', dayPeriod: 'dayperiod', hour: 'hour',
  minute: 'minute', second: 'second', timeZoneName: 'zone',
}

export function fields(locale) {
  const all = ofLocale('cldr-dates-full', locale, 'dateFields').dates.fields
  const found = {}
  for (const [width, suffix] of [['long', ''], ['short', '-short'], ['narrow', '-narrow']]) {
    found[width] = {}
    for (const [field, name] of Object.entries(FIELDS)) found[width][field] = ofField(all[name + suffix])
  }
  return found
}

function ofField(of) {
  const found = { name: of.displayName, relative: {}, past: {}, future: {} }
  for (const [key, text] of Object.entries(of)) {
    const offset = key.match(/^relative-type-(-?\d)$/)?.[1]
    if (offset) found.relative[offset] = text
    const way = key.match(/^relativeTime-type-(past|future)$/)?.[1]
    if (way) for (const [count, pattern] of Object.entries(text)) found[way][count.replace('relativeTimePattern-count-', '')] = pattern
  }
  return found
}
