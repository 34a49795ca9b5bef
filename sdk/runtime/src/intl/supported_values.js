/** `Intl.supportedValuesOf`. */
import { ask } from './ask.js'
import { toText } from './options.js'

const VALUES = {
  __proto__: null,
  calendar: 'intl-dates.calendars',
  collation: 'intl-text.all-collations',
  currency: 'intl-numbers.currencies',
  numberingSystem: 'intl-numbers.numbering-systems',
  timeZone: 'intl-dates.time-zones',
  unit: 'intl-numbers.units',
}

export function supportedValues(key) {
  const text = toText(key)
  const name = VALUES[text]
  if (name === undefined) throw new RangeError(`Invalid key : ${text}`)
  return ask(name)
}
