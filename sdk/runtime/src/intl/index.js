/** The object `Intl`; each of its classes is evaluated when it is first asked for. */
import { addMembers } from './classes.js'
import { localeList } from './locales.js'

const CLASSES = {
  DateTimeFormat: () => require('./date_time_format.js').DateTimeFormat,
  NumberFormat: () => require('./number_format.js').NumberFormat,
  Collator: () => require('./collator.js').Collator,
  PluralRules: () => require('./plural_rules.js').PluralRules,
  RelativeTimeFormat: () => require('./relative_time_format.js').RelativeTimeFormat,
  ListFormat: () => require('./list_format.js').ListFormat,
  Locale: () => require('./locale.js').Locale,
  DisplayNames: () => require('./display_names.js').DisplayNames,
  Segmenter: () => require('./segmenter.js').Segmenter,
}

export const Intl = {}
addMembers(Intl, {
  getCanonicalLocales(locales) { return localeList(locales) },
  supportedValuesOf(key) { return require('./supported_values.js').supportedValues(key) },
})
for (const name of Object.keys(CLASSES)) {
  const define = (value) => Object.defineProperty(Intl, name, { value, writable: true, enumerable: false, configurable: true })
  Object.defineProperty(Intl, name, {
    get() {
      const value = CLASSES[name]()
      define(value)
      return value
    },
    set: define,
    enumerable: false,
    configurable: true,
  })
}
Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true })
