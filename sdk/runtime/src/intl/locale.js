/** `Intl.Locale`. */
import { ask } from './ask.js'
import { hold, isObject, makeClass, objectFor, receiver, slotsOf } from './classes.js'
import { canonicalTag } from './locales.js'
import { isType } from './numbering.js'
import { booleanOption, coerceOptions, stringOption, toText } from './options.js'

const wrong = () => new RangeError('Incorrect locale information provided')

/** A canonical tag by its parts: `rest` are variants and extensions but `-u-`, `keywords` those of `-u-`. */
function parse(tag) {
  const [, language, script, region, tail] = /^([a-z]{2,8})(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}|\d{3})(?![^-]))?(|-.*)$/.exec(tag) ?? []
  if (language === undefined) throw wrong()
  const subtags = tail.split('-').slice(1)
  const first = subtags.findIndex((subtag) => subtag.length === 1)
  const variants = first < 0 ? subtags : subtags.slice(0, first)
  const extensions = first < 0 ? [] : subtags.slice(first)
  const [others, attributes, keywords] = [[], [], new Map()]
  let singleton
  let key
  for (const subtag of extensions) {
    if (singleton !== 'x' && subtag.length === 1) {
      singleton = subtag
      key = undefined
      if (singleton !== 'u') others.push(subtag)
    } else if (singleton !== 'u') others.push(subtag)
    else if (subtag.length === 2) keywords.set((key = subtag), [])
    else (key === undefined ? attributes : keywords.get(key)).push(subtag)
  }
  return { language, script, region, variants, others, attributes, keywords }
}

function written({ language, script, region, variants, others, attributes, keywords }) {
  const base = [language, script, region, ...variants].filter((subtag) => subtag !== undefined)
  const u = [...attributes, ...[...keywords].flatMap(([key, type]) => [key, ...type])]
  // A private part ends the tag.
  const at = others.indexOf('x')
  const [open, hidden] = at < 0 ? [others, []] : [others.slice(0, at), others.slice(at)]
  return [...base, ...open, ...(u.length > 0 ? ['u', ...u] : []), ...hidden].join('-')
}

function begin(tag, given) {
  if (typeof tag !== 'string' && !isObject(tag)) throw new TypeError("First argument to Intl.Locale constructor can't be empty or missing")
  const text = slotsOf(tag, 'Locale')?.tag ?? toText(tag)
  const options = coerceOptions(given, 'Intl.Locale')
  const canonical = canonicalTag(text)
  const subtag = (name, pattern) => {
    const value = stringOption(options, name)
    if (value !== undefined && !pattern.test(value)) throw wrong()
    return value
  }
  const language = subtag('language', /^([a-z]{2,3}|[a-z]{5,8})$/i)
  const script = subtag('script', /^[a-z]{4}$/i)
  const region = subtag('region', /^([a-z]{2}|\d{3})$/i)
  let parts = parse(canonical)
  if (language !== undefined || script !== undefined || region !== undefined) {
    parts = parse(canonicalTag(written({ ...parts, ...(language && { language }), ...(script && { script }), ...(region && { region }) })))
  }
  const wanted = { __proto__: null }
  const keyword = (key, name, values) => {
    const value = stringOption(options, name, values, undefined, 'locale')
    if (value !== undefined && !isType(value)) throw wrong()
    wanted[key] = value
  }
  keyword('ca', 'calendar')
  keyword('co', 'collation')
  keyword('hc', 'hourCycle', ['h11', 'h12', 'h23', 'h24'])
  const caseFirst = stringOption(options, 'caseFirst', ['upper', 'lower', 'false'], undefined, 'locale')
  wanted.kf = caseFirst
  const numeric = booleanOption(options, 'numeric')
  wanted.kn = numeric === undefined ? undefined : `${numeric}`
  keyword('nu', 'numberingSystem')
  for (const key of Object.keys(wanted)) if (wanted[key] !== undefined) parts.keywords.set(key, wanted[key].split('-'))
  return slotsFor(canonicalTag(written(parts)))
}

const slotsFor = (tag) => ({ kind: 'Locale', tag })

/** The type of a keyword: an empty one where it has none. */
function keywordOf(tag, key) {
  const type = parse(tag).keywords.get(key)
  return type?.join('-')
}

const tagOf = (self, method) => receiver(self, 'Locale', method).tag
const another = (tag) => hold(objectFor(Locale, Locale), slotsFor(tag))

/** The members whose answers come of the host, as getters, as V8 has them, and as methods, as ECMA-402 has. */
const ASKED = {
  calendars: (tag) => of(tag, 'ca') ?? ask('intl-dates.preferences', tag).calendars,
  collations: (tag) => of(tag, 'co') ?? ask('intl-text.collations', tag),
  hourCycles: (tag) => of(tag, 'hc') ?? ask('intl-dates.preferences', tag).hourCycles,
  numberingSystems: (tag) => of(tag, 'nu') ?? [ask('intl-dates.preferences', tag).numberingSystem],
  textInfo: (tag) => ({ direction: ask('intl-text.is-right-to-left', tag) ? 'rtl' : 'ltr' }),
  timeZones: (tag) => (parse(tag).region === undefined ? undefined : (ask('intl-dates.preferences', tag).timeZones ?? [])),
  weekInfo(tag) {
    const { firstDay, weekend, minimalDays } = ask('intl-dates.week-of', tag)
    return { firstDay, weekend, minimalDays }
  },
}

/** What the tag itself asks for. */
function of(tag, key) {
  const type = keywordOf(tag, key)
  return type ? [type] : undefined
}

export const Locale = makeClass('Locale', 1, begin, class {
  toString() { return tagOf(this, 'toString') }
  maximize() { return another(ask('intl-text.maximize', tagOf(this, 'maximize'))) }
  minimize() { return another(ask('intl-text.minimize', tagOf(this, 'minimize'))) }
  get language() { return parse(tagOf(this, 'language')).language }
  get script() { return parse(tagOf(this, 'script')).script }
  get region() { return parse(tagOf(this, 'region')).region }
  get baseName() {
    const { language, script, region, variants } = parse(tagOf(this, 'baseName'))
    return [language, script, region, ...variants].filter((subtag) => subtag !== undefined).join('-')
  }
  get calendar() { return keywordOf(tagOf(this, 'calendar'), 'ca') }
  get caseFirst() { return keywordOf(tagOf(this, 'caseFirst'), 'kf') }
  get collation() { return keywordOf(tagOf(this, 'collation'), 'co') }
  get hourCycle() { return keywordOf(tagOf(this, 'hourCycle'), 'hc') }
  get numeric() { return ['', 'true'].includes(keywordOf(tagOf(this, 'numeric'), 'kn')) }
  get numberingSystem() { return keywordOf(tagOf(this, 'numberingSystem'), 'nu') }
  get calendars() { return ASKED.calendars(tagOf(this, 'calendars')) }
  get collations() { return ASKED.collations(tagOf(this, 'collations')) }
  get hourCycles() { return ASKED.hourCycles(tagOf(this, 'hourCycles')) }
  get numberingSystems() { return ASKED.numberingSystems(tagOf(this, 'numberingSystems')) }
  get textInfo() { return ASKED.textInfo(tagOf(this, 'textInfo')) }
  get timeZones() { return ASKED.timeZones(tagOf(this, 'timeZones')) }
  get weekInfo() { return ASKED.weekInfo(tagOf(this, 'weekInfo')) }
  getCalendars() { return ASKED.calendars(tagOf(this, 'getCalendars')) }
  getCollations() { return ASKED.collations(tagOf(this, 'getCollations')) }
  getHourCycles() { return ASKED.hourCycles(tagOf(this, 'getHourCycles')) }
  getNumberingSystems() { return ASKED.numberingSystems(tagOf(this, 'getNumberingSystems')) }
  getTextInfo() { return ASKED.textInfo(tagOf(this, 'getTextInfo')) }
  getTimeZones() { return ASKED.timeZones(tagOf(this, 'getTimeZones')) }
  getWeekInfo() { return ASKED.weekInfo(tagOf(this, 'getWeekInfo')) }
})
