/** `Intl.ListFormat`. */
import { ask } from './ask.js'
import { makeClass, receiver } from './classes.js'
import { append, localeList, resolveLocale, supportedLocales } from './locales.js'
import { optionsObject, readMatcher, stringOption } from './options.js'

const SERVICE = 'Intl.ListFormat'

function begin(locales, given) {
  const requested = localeList(locales)
  const options = optionsObject(given)
  readMatcher(options, SERVICE)
  const { base, locale } = resolveLocale('list-format', requested)
  const type = stringOption(options, 'type', ['conjunction', 'disjunction', 'unit'], 'conjunction', SERVICE)
  const style = stringOption(options, 'style', ['long', 'short', 'narrow'], 'long', SERVICE)
  return { kind: 'ListFormat', base, locale, options: { type, style } }
}

/** StringListFromIterable. */
function texts(list) {
  const items = []
  if (list === undefined) return items
  if (typeof list?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`${typeof list} ${typeof list === 'symbol' ? list.toString() : list} is not iterable (cannot read property Symbol(Symbol.iterator))`)
  }
  for (const item of list) {
    if (typeof item !== 'string') throw new TypeError(`Iterable yielded ${typeof item === 'symbol' ? item.toString() : item} which is not a string`)
    append(items, item)
  }
  return items
}

export const ListFormat = makeClass('ListFormat', 0, begin, class {
  resolvedOptions() {
    const { locale, options: { type, style } } = receiver(this, 'ListFormat', 'resolvedOptions')
    return { locale, type, style }
  }
  format(list) {
    const { base, options } = receiver(this, 'ListFormat', 'format')
    return ask('intl-numbers.format-list', base, options, texts(list))
  }
  formatToParts(list) {
    const { base, options } = receiver(this, 'ListFormat', 'formatToParts')
    return ask('intl-numbers.list-parts', base, options, texts(list))
  }
}, { statics: { supportedLocalesOf: supportedLocales('list-format', 'ListFormat') } })
