/** Which locales are asked for, and which one serves. */
import { process } from '../node/process.js'
import { ask, remembered } from './ask.js'
import { isObject, slotsOf } from './classes.js'
import { coerceOptions, readMatcher, toText } from './options.js'

/** How many tags are remembered: a bot uses a few. */
const KNOWN = 64

const wrong = () => new RangeError('Incorrect locale information provided')

/** The canonical form of a tag, or `undefined` where it is none. */
const canonicalOf = remembered(KNOWN, (tag) => {
  try {
    return [ask('intl-text.canonicalize', tag)]
  } catch (error) {
    if (error instanceof RangeError) return []
    throw error
  }
})

/** CanonicalizeUnicodeLocaleId, with an error for what is no tag. */
export function canonicalTag(tag) {
  // What is longer than any tag is not remembered.
  const [canonical] = tag.length > 255 ? [] : canonicalOf(tag)
  if (canonical === undefined) throw wrong()
  return canonical
}

/** CanonicalizeLocaleList. */
export function localeList(locales) {
  if (locales === undefined) return []
  if (typeof locales === 'string') return [canonicalTag(locales)]
  const locale = slotsOf(locales, 'Locale')
  if (locale) return [locale.tag]
  if (locales === null) throw new TypeError('Cannot convert undefined or null to object')
  const list = Object(locales)
  const length = lengthOf(list)
  const seen = []
  for (let k = 0; k < length; k++) {
    if (!(k in list)) continue
    const value = list[k]
    if (typeof value !== 'string' && !isObject(value)) throw new TypeError('Language ID should be string or object.')
    const tag = slotsOf(value, 'Locale')?.tag ?? canonicalTag(toText(value))
    if (!seen.includes(tag)) append(seen, tag)
  }
  return seen
}

export function lengthOf(list) {
  const length = Math.trunc(Number(list.length)) || 0
  return Math.min(Math.max(length, 0), Number.MAX_SAFE_INTEGER)
}

/** Adds to a list whatever a bot has done to `Array.prototype`. */
export function append(list, value) {
  Object.defineProperty(list, list.length, { value, writable: true, enumerable: true, configurable: true })
}

let usual

/** The locale of who names none: of the environment, as ICU reads it. Node reads it once, too. */
export function defaultLocale() {
  return (usual ??= environmentLocale(process.env))
}

function environmentLocale({ LC_ALL, LC_MESSAGES, LANG }) {
  const [, name, variant = ''] = /^([^.@]*)(?:\.[^@]*)?(?:@(.*))?$/.exec(LC_ALL ?? LC_MESSAGES ?? LANG ?? 'C') ?? []
  if (name === 'C' || name === 'POSIX') return 'en-US'
  if (!name) return 'und'
  const tag = name.replaceAll('_', '-')
  for (const text of /^[a-z\d]{5,8}$/i.test(variant) ? [`${tag}-${variant}`, tag] : [tag]) {
    const [canonical] = canonicalOf(text.slice(0, 255))
    if (canonical !== undefined) return canonical
  }
  return 'en-US'
}

/** Which locale serves one request, remembered. */
const serving = remembered(KNOWN, (key, service, requested) => ask('intl-text.serve', service, requested) ?? {})

function serve(service, requested) {
  if (requested.length === 0) return {}
  if (requested.length > 1) return ask('intl-text.serve', service, requested) ?? {}
  return serving(`${service} ${requested[0]}`, service, requested)
}

/**
 * ResolveLocale: the locale that serves, without extensions, as `base`, and as `locale` with those that count.
 *
 * The option `localeMatcher` makes no difference, as in V8. `keys` has for each keyword, in alphabetical order, what it may
 * be (`allows`, which may give another word for it) and the option that goes before it, or `undefined`; `[key]` of the
 * result is the keyword or the option.
 */
export function resolveLocale(service, requested, keys = {}) {
  const { locale: base = defaultLocale(), keywords = [] } = serve(service, requested)
  const resolved = { __proto__: null, base, locale: base }
  let extension = ''
  for (const key of Object.keys(keys)) {
    const { allows, option } = keys[key]
    const [, given] = keywords.find(([name]) => name === key) ?? []
    const fromTag = given === undefined ? undefined : allows(given === '' ? 'true' : given, base)
    const fromOption = option === undefined ? undefined : allows(option, base)
    resolved[key] = fromOption ?? fromTag
    if (fromTag !== undefined && (fromOption === undefined || fromOption === fromTag)) extension += `-${key}${fromTag === 'true' ? '' : `-${fromTag}`}`
  }
  if (extension) resolved.locale = `${base}-u${extension}`
  return resolved
}

/** The static method `supportedLocalesOf` of a service. */
export function supportedLocales(service, name) {
  return {
    supportedLocalesOf(locales, options = undefined) {
      const requested = localeList(locales)
      const method = `Intl.${name}.supportedLocalesOf`
      readMatcher(coerceOptions(options, method), method)
      return requested.length === 0 ? [] : ask('intl-text.supported', service, requested)
    },
  }.supportedLocalesOf
}
