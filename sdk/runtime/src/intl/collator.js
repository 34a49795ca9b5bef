/** `Intl.Collator`, and the order of texts that sorts are made with. */
import { ask, remembered } from './ask.js'
import { makeClass, receiver } from './classes.js'
import { localeList, resolveLocale, supportedLocales } from './locales.js'
import { isType } from './numbering.js'
import { booleanOption, coerceOptions, readMatcher, stringOption, toText } from './options.js'

const SERVICE = 'Intl.Collator'

/** Sort keys that are kept: for how many orders, of how many texts, and how long ones. */
const ORDERS = 8
const KEYS = 2048
const LONGEST = 128
/** How much of two long texts is compared at once, in code units, and how much of what they share is compared with it. */
const PIECE = 5_000
const SHARED = 64

const typesOf = remembered(16, (locale) => ask('intl-text.collations', locale))

export function begin(locales, given, service = SERVICE) {
  const requested = localeList(locales)
  const options = coerceOptions(given, service)
  const usage = stringOption(options, 'usage', ['sort', 'search'], 'sort', service)
  readMatcher(options, service)
  const collation = stringOption(options, 'collation')
  if (collation !== undefined && !isType(collation)) throw new RangeError(`Invalid collation : ${collation}`)
  const numeric = booleanOption(options, 'numeric')
  const caseFirst = stringOption(options, 'caseFirst', ['upper', 'lower', 'false'], undefined, service)
  const { base, locale, co, kn, kf } = resolveLocale('collator', requested, {
    co: { option: usage === 'sort' ? collation : undefined, allows: (value, base) => (typesOf(base).includes(value) ? value : undefined) },
    kf: { option: caseFirst, allows: (value) => (['upper', 'lower', 'false'].includes(value) ? value : undefined) },
    kn: { option: numeric === undefined ? undefined : `${numeric}`, allows: (value) => (['true', 'false'].includes(value) ? value : undefined) },
  })
  const sensitivity = stringOption(options, 'sensitivity', ['base', 'accent', 'case', 'variant'], undefined, service)
  const ignorePunctuation = booleanOption(options, 'ignorePunctuation')
  return {
    kind: 'Collator', locale, bound: undefined, resolved: undefined, keys: undefined,
    collation: {
      locale: base, search: usage === 'search', type: co, sensitivity,
      numeric: kn === undefined ? undefined : kn === 'true', caseFirst: kf && (kf === 'false' ? 'off' : `${kf}-first`), ignorePunctuation,
    },
  }
}

/** Keys of texts by order: a sort whose function names its options makes a collator for each comparison. */
const keysOf = remembered(ORDERS, () => new Map())

/**
 * Compares by keys that are made once for each text, so that a sort does not ask the host for each comparison.
 */
export function compare(slots, x, y) {
  if (x === y) return 0
  if (x.length > LONGEST || y.length > LONGEST) return compareLong(slots.collation, x, y)
  const keys = (slots.keys ??= keysOf(nameOf(slots.collation)))
  let first = keys.get(x)
  let second = keys.get(y)
  if (first === undefined || second === undefined) {
    if (keys.size >= KEYS) keys.clear();
    [first, second] = ask('intl-text.sort-keys', slots.collation, [x, y])
    keys.set(x, first).set(y, second)
  }
  return first < second ? -1 : first > second ? 1 : 0
}

/** Compares from where two texts begin to differ, a piece at a time, until one comes first. */
function compareLong(collation, x, y) {
  const length = Math.max(x.length, y.length)
  for (let from = Math.max(length > PIECE ? sharedBy(x, y) - SHARED : 0, 0); from < length; from += PIECE) {
    const order = ask('intl-text.compare', collation, x.slice(from, from + PIECE), y.slice(from, from + PIECE))
    if (order !== 0) return Math.sign(order)
  }
  return 0
}

/** How many code units two texts begin with in common. */
function sharedBy(x, y) {
  let low = 0
  for (let high = Math.min(x.length, y.length); low < high;) {
    const middle = (low + high + 1) >> 1
    if (x.slice(low, middle) === y.slice(low, middle)) low = middle
    else high = middle - 1
  }
  return low
}

const nameOf = ({ locale, search, type, sensitivity, numeric, caseFirst, ignorePunctuation }) =>
  `${locale} ${search} ${type} ${sensitivity} ${numeric} ${caseFirst} ${ignorePunctuation}`

export const Collator = makeClass('Collator', 0, (locales, options) => begin(locales, options), class {
  resolvedOptions() {
    const slots = receiver(this, 'Collator', 'resolvedOptions')
    const { search, sensitivity, ignorePunctuation, type, numeric, caseFirst } = (slots.resolved ??= ask('intl-text.resolve-collation', slots.collation))
    return {
      locale: slots.locale, usage: search ? 'search' : 'sort', sensitivity, ignorePunctuation, collation: type ?? 'default',
      numeric, caseFirst: caseFirst === 'off' ? 'false' : caseFirst.slice(0, 5),
    }
  }
  get compare() {
    const slots = receiver(this, 'Collator', 'compare')
    return (slots.bound ??= ((x, y) => compare(slots, toText(x), toText(y))))
  }
}, { mayBeCalled: true, statics: { supportedLocalesOf: supportedLocales('collator', 'Collator') } })
