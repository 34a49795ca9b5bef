/** `roost:bot/intl-numbers`, `intl-dates` and `intl-text` by Node's own Intl: what the host does, for tests without a host. */

const SERVICES = {
  collator: 'Collator', 'date-time-format': 'DateTimeFormat', 'display-names': 'DisplayNames', 'list-format': 'ListFormat',
  'number-format': 'NumberFormat', 'plural-rules': 'PluralRules', 'relative-time-format': 'RelativeTimeFormat', segmenter: 'Segmenter',
}
const FIELDS = ['weekday', 'era', 'year', 'month', 'day', 'dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits', 'timeZoneName']

/** @param {(value: unknown) => unknown} own makes a plain value one of the bot's realm */
export function intl(own) {
  const functions = {}
  for (const [name, of] of Object.entries({ 'intl-numbers': numbers, 'intl-dates': dates, 'intl-text': texts })) {
    for (const [word, answer] of Object.entries(of)) {
      functions[`${name}.${word}`] = (...args) => {
        let value
        try {
          value = answer(...args)
        } catch (error) {
          throw { payload: { tag: 'argument', val: error.message } }
        }
        return own(value)
      }
    }
  }
  return functions
}

function numberFormat(locale, { digits, useGrouping, ...options }) {
  return new Intl.NumberFormat(locale, { ...options, ...digitsOf(digits), useGrouping: useGrouping === 'false' ? false : useGrouping })
}

/** Options that lead to the digits. */
function digitsOf(digits) {
  const { minimumInteger, minimumFraction, maximumFraction, minimumSignificant, maximumSignificant, ...rounding } = digits
  const counts = minimumFraction === undefined ? {} : { minimumFractionDigits: minimumFraction, maximumFractionDigits: maximumFraction }
  if (minimumSignificant !== undefined) Object.assign(counts, { minimumSignificantDigits: minimumSignificant, maximumSignificantDigits: maximumSignificant })
  return { minimumIntegerDigits: minimumInteger, ...counts, ...rounding }
}

const plurals = (locale, { digits, type }) => new Intl.PluralRules(locale, { type, ...digitsOf(digits) })
const relative = (locale, options) => new Intl.RelativeTimeFormat(locale, options)

const numbers = {
  'format-number': (locale, options, value) => numberFormat(locale, options).format(value),
  'number-parts': (locale, options, value) => numberFormat(locale, options).formatToParts(value),
  'format-number-range': (locale, options, start, end) => numberFormat(locale, options).formatRange(start, end),
  'number-range-parts': (locale, options, start, end) => numberFormat(locale, options).formatRangeToParts(start, end),
  'select-plural': (locale, options, value) => plurals(locale, options).select(Number(value)),
  'select-plural-range': (locale, options, start, end) => plurals(locale, options).selectRange(Number(start), Number(end)),
  'plural-categories': (locale, type) => new Intl.PluralRules(locale, { type }).resolvedOptions().pluralCategories,
  'format-relative-time': (locale, options, value, unit) => relative(locale, options).format(Number(value), unit),
  'relative-time-parts': (locale, options, value, unit) => relative(locale, options).formatToParts(Number(value), unit).map(({ type, value }) => ({ type, value })),
  'format-list': (locale, options, items) => new Intl.ListFormat(locale, options).format([...items]),
  'list-parts': (locale, options, items) => new Intl.ListFormat(locale, options).formatToParts([...items]),
  'display-name': (locale, options, code) => new Intl.DisplayNames(locale, { ...options, fallback: 'none' }).of(code),
  'default-numbering-system': (locale) => new Intl.NumberFormat(locale).resolvedOptions().numberingSystem,
  'currency-digits': (currency) => new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits,
  currencies: () => Intl.supportedValuesOf('currency'),
  units: () => Intl.supportedValuesOf('unit'),
  'numbering-systems': () => Intl.supportedValuesOf('numberingSystem'),
}

/** Zones that Node has only as the one of `TZ`, which it then is. */
const ONLY_LOCAL = ['Etc/Unknown', 'Etc/GMT']

const dateFormat = ({ locale, timeZone, ...options }) => new Intl.DateTimeFormat(locale, { ...options, timeZone: ONLY_LOCAL.includes(timeZone) ? undefined : timeZone })
const parts = (list) => list.map(({ type, ...rest }) => ({ kind: type, ...rest }))
const isZone = (timeZone) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

const clocks = new Map()

/** What a zone adds to UTC at an instant, in milliseconds. */
function offsetAt(timeZone, at) {
  let format = clocks.get(timeZone)
  if (!format) clocks.set(timeZone, format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }))
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName').value
  const [, sign, hours, minutes, seconds = 0] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name)
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (((hours * 60) + Number(minutes)) * 60 + Number(seconds)) * 1000
}

const DAY = 86_400_000

const dates = {
  resolve(format) {
    const shown = dateFormat(format).resolvedOptions()
    return { hourCycle: shown.hourCycle, fields: FIELDS.filter((name) => name in shown).map((name) => [name, `${shown[name]}`]) }
  },
  format: (format, at) => dateFormat(format).format(at),
  'format-to-parts': (format, at) => parts(dateFormat(format).formatToParts(at)),
  'format-range': (format, start, end) => dateFormat(format).formatRange(start, end),
  'format-range-to-parts': (format, start, end) => parts(dateFormat(format).formatRangeToParts(start, end)),
  preferences(tag) {
    const locale = new Intl.Locale(tag)
    return { calendars: locale.calendars, hourCycles: locale.hourCycles, numberingSystem: locale.numberingSystems[0], timeZones: locale.timeZones }
  },
  'week-of': (tag) => new Intl.Locale(tag).weekInfo,
  calendars: () => Intl.supportedValuesOf('calendar'),
  'time-zones': () => Intl.supportedValuesOf('timeZone'),
  'canonical-time-zone': isZone,
  'offset-at': offsetAt,
  'clocks-between'(timeZone, start, end) {
    const first = offsetAt(timeZone, start)
    const changes = []
    let offset = first
    for (let at = start; at < end && changes.length < 1000; at += DAY) {
      const next = Math.min(at + DAY, end)
      if (offsetAt(timeZone, next) === offset) continue
      let [low, high] = [at, next]
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        if (offsetAt(timeZone, middle) === offset) low = middle
        else high = middle
      }
      offset = offsetAt(timeZone, high)
      if (high < end) changes.push({ at: high, offset })
    }
    return { first, changes }
  },
  'time-zone-name': (timeZone, at, locale, style) =>
    new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: style }).formatToParts(at).find(({ type }) => type === 'timeZoneName').value,
}

/** The keywords of a canonical tag's extension `-u-`. */
function keywordsOf(tag) {
  const [, extension = ''] = /-u-(.*?)(?=-[a-z0-9]-|$)/.exec(tag.replace(/-x-.*/, '')) ?? []
  const keywords = []
  for (const subtag of extension.split('-')) {
    if (subtag.length === 2) keywords.push([subtag, ''])
    else if (keywords.length > 0) keywords.at(-1)[1] += `${keywords.at(-1)[1] && '-'}${subtag}`
  }
  return keywords
}

/** A tag without its extension `-u-`. */
function withoutKeywords(tag) {
  const [open, ...hidden] = tag.split('-x-')
  return [open.replace(/-u(-[a-z0-9]{2,8})+/, ''), ...hidden].join('-x-')
}

function served(service, requested) {
  const Class = Intl[SERVICES[service]]
  const [tag] = Class.supportedLocalesOf([...requested])
  if (tag === undefined) return undefined
  const { locale } = new Class(withoutKeywords(tag), { type: service === 'display-names' ? 'region' : undefined }).resolvedOptions()
  return { locale: withoutKeywords(locale), keywords: keywordsOf(tag) }
}

function collator({ locale, search, type, sensitivity, numeric, caseFirst, ignorePunctuation }) {
  return new Intl.Collator(locale, {
    usage: search ? 'search' : 'sort', collation: type, sensitivity, numeric, caseFirst: caseFirst === 'off' ? 'false' : caseFirst?.slice(0, 5), ignorePunctuation,
  })
}

/** Texts of each order that keys were asked for, sorted, each with its key. */
const orders = new Map()

/** Keys in the order of the texts: a new text gets one between those of its neighbours. */
function keysOf(collation, asked) {
  const { compare } = collator(collation)
  const name = JSON.stringify(collation)
  if (!orders.has(name)) orders.set(name, [])
  const known = orders.get(name)
  return asked.map((text) => {
    let low = 0
    for (let high = known.length; low < high;) {
      const middle = (low + high) >> 1
      if (compare(known[middle].text, text) < 0) low = middle + 1
      else high = middle
    }
    if (low < known.length && compare(known[low].text, text) === 0) return known[low].key
    const key = between(known[low - 1]?.key ?? '', known[low]?.key)
    known.splice(low, 0, { text, key })
    return key
  })
}

/** A string between two, of characters to U+00FF, the last of which is not U+0000. */
function between(low, high) {
  for (let at = 0, key = ''; ; at++) {
    const first = low.charCodeAt(at) || 0
    const last = high === undefined ? 256 : high.charCodeAt(at)
    if (last - first > 1) return key + String.fromCharCode((first + last) >> 1)
    key += String.fromCharCode(first)
    if (last !== first) high = undefined
  }
}

const texts = {
  canonicalize: (tag) => Intl.getCanonicalLocales(tag)[0],
  'canonicalize-all': (tags) => Intl.getCanonicalLocales([...tags]),
  maximize: (tag) => `${new Intl.Locale(tag).maximize()}`,
  minimize: (tag) => `${new Intl.Locale(tag).minimize()}`,
  serve: served,
  supported: (service, requested) => Intl[SERVICES[service]].supportedLocalesOf([...requested]),
  'is-right-to-left': (tag) => new Intl.Locale(tag).textInfo.direction === 'rtl',
  collations: (tag) => new Intl.Locale(withoutKeywords(tag)).collations,
  'all-collations': () => Intl.supportedValuesOf('collation'),
  'resolve-collation'(collation) {
    const { usage, sensitivity, ignorePunctuation, collation: type, numeric, caseFirst } = collator(collation).resolvedOptions()
    return { locale: collation.locale, search: usage === 'search', type: type === 'default' ? undefined : type, sensitivity, numeric, caseFirst: caseFirst === 'false' ? 'off' : `${caseFirst}-first`, ignorePunctuation }
  },
  compare: (collation, a, b) => collator(collation).compare(a, b),
  'sort-keys': keysOf,
  segments(tag, granularity, text) {
    return [...new Intl.Segmenter(tag, { granularity }).segment(text)].map(({ segment, index, isWordLike = false }) => ({ end: index + segment.length, wordLike: isWordLike }))
  },
  'to-lower-case': (tag, text) => text.toLocaleLowerCase(tag),
  'to-upper-case': (tag, text) => text.toLocaleUpperCase(tag),
}
