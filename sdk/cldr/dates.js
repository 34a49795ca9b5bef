/** How dates are written: names of months and days, patterns by skeleton, of each calendar. */
import { others, OTHERS } from './calendars/index.js'
import { parents, ROOT } from './inheritance.js'
import { locales, ofLocale, supplemental } from './source.js'

/** Of the Gregorian calendar, and what others have of it. */
export function dates(locale) {
  const found = plainDates(locale)
  return found && { gregory: { ...found.gregory, ranks: ranks(locale).gregory }, fields: found.fields }
}

/** Of any other calendar. */
export function anyCalendar(locale) {
  const found = plainDates(locale)
  return found && { ...found.generic, ranks: ranks(locale).generic }
}

/** Of each other calendar what is its own: a section each, because a date is of one, and some have much. */
export const ofCalendars = Object.fromEntries(OTHERS.map((calendar) => [
  `calendar-${calendar}`,
  (locale) => {
    const found = plainDates(locale)
    return found && (found.calendars[calendar] ?? {})
  },
]))

/**
 * At which distance from the root each skeleton has got its pattern: of two that are as near to what is
 * asked for, that of the locale itself goes before that of its parent. Only where it is not the root.
 */
function ranks(locale) {
  if (!kept.ranks.has(locale)) kept.ranks.set(locale, ranksOf(locale))
  return kept.ranks.get(locale)
}

function ranksOf(locale) {
  const own = plainDates(locale)
  const parent = parentOf(locale)
  if (!parent) return { depth: 0, gregory: {}, generic: {} }
  const theirs = ranks(parent)
  if (!own) return theirs
  const above = plainDates(parent) ?? { gregory: {}, generic: {} }
  const depth = theirs.depth + 1
  const of = (calendar) => {
    const found = {}
    for (const [skeleton, pattern] of Object.entries(own[calendar].available)) {
      const rank = above[calendar].available?.[skeleton] === pattern ? theirs[calendar][skeleton] : depth
      if (rank) found[skeleton] = rank
    }
    return found
  }
  return { depth, gregory: of('gregory'), generic: of('generic') }
}

const kept = { parents: undefined, ranks: new Map(), dates: new Map() }

/** The nearest parent that has dates. */
function parentOf(locale) {
  kept.parents ??= parents(locales())
  let parent = kept.parents[locale]
  while (parent && !plainDates(parent)) parent = kept.parents[parent]
  return parent
}

function plainDates(locale) {
  if (!kept.dates.has(locale)) kept.dates.set(locale, read(locale))
  return kept.dates.get(locale)
}

function read(locale) {
  const of = ofLocale('cldr-dates-full', locale, 'ca-gregorian').dates?.calendars.gregorian
  if (!of) return undefined
  const any = ofLocale('cldr-dates-full', locale, 'ca-generic').dates.calendars.generic
  const generic = { ...names(any), ...patterns(any) }
  const gregory = { ...names(of), ...patterns(of) }
  return { gregory, generic, calendars: others(locale), fields: fieldNames(locale) }
}

function names(of) {
  return {
    months: widths(of.months),
    days: widths(of.days),
    dayPeriods: widths(of.dayPeriods),
    eras: of.eras && {
      long: plainKeys(of.eras.eraNames),
      short: plainKeys(of.eras.eraAbbr),
      narrow: plainKeys(of.eras.eraNarrow),
    },
  }
}

function widths(of) {
  const found = {}
  for (const [context, name] of [['format', 'format'], ['stand-alone', 'alone']]) {
    found[name] = {}
    for (const [width, its] of [['wide', 'long'], ['abbreviated', 'short'], ['narrow', 'narrow']]) {
      found[name][its] = plainKeys(of[context][width])
    }
  }
  return found
}

/** Without the alternatives that are only there to be chosen. */
function plainKeys(of) {
  return Object.fromEntries(Object.entries(of).filter(([key]) => !key.includes('-alt-')))
}

function patterns(of) {
  const all = of.dateTimeFormats
  const intervals = {}
  for (const [skeleton, its] of Object.entries(all.intervalFormats)) {
    if (typeof its === 'object') intervals[skeleton] = plainKeys(its)
  }
  const { full, long, medium, short } = all
  return {
    date: texts(of.dateFormats),
    time: texts(of.timeFormats),
    glue: texts({ full, long, medium, short }),
    atTime: texts(of['dateTimeFormats-atTime']?.standard ?? { full, long, medium, short }),
    available: skeletons(all.availableFormats),
    append: all.appendItems,
    intervals: { fallback: all.intervalFormats.intervalFormatFallback, patterns: intervals },
  }
}

function texts(of) {
  return Object.fromEntries(Object.entries(plainKeys(of)).map(([name, text]) => [name, text._value ?? text]))
}

/** Those with a number of weeks are for nothing that ECMA-402 has. */
function skeletons(of) {
  const kept = Object.entries(plainKeys(of)).filter(([key]) => !key.includes('-count-'))
  return Object.fromEntries(kept.map(([key, text]) => [key, text._value ?? text]))
}

/** What the fields are called where one is appended to a pattern. */
function fieldNames(locale) {
  const all = ofLocale('cldr-dates-full', locale, 'dateFields').dates.fields
  const found = {}
  for (const name of ['era', 'year', 'month', 'weekday', 'day', 'dayperiod', 'hour', 'minute', 'second', 'zone']) {
    found[name] = all[name].displayName
  }
  return found
}

/** Preferences by region, and when eras begin: what belongs to no locale. */
export function calendars(locale) {
  if (locale !== ROOT) return undefined
  const { weekData } = supplemental('weekData')
  return {
    eras: eras(supplemental('calendarData').calendarData),
    preferences: split(supplemental('calendarPreferenceData').calendarPreferenceData),
    hours: hours(supplemental('timeData').timeData),
    dayPeriods: dayPeriods(supplemental('dayPeriods').dayPeriodRuleSet),
    minimalDays: numbers(weekData.minDays),
    firstDay: byRegion(weekData.firstDay),
    weekendStart: byRegion(weekData.weekendStart),
    weekendEnd: byRegion(weekData.weekendEnd),
    regions: regions(supplemental('likelySubtags').likelySubtags),
  }
}

/** Of each calendar's eras, the day of its own or of the Gregorian calendar that it begins on, and its code. */
function eras(of) {
  const found = {}
  for (const [calendar, { eras: its }] of Object.entries(of)) {
    if (!its) continue
    found[calendar] = Object.fromEntries(Object.entries(its).map(([era, { _start, _code }]) => [era, { start: _start, code: _code }]))
  }
  return JSON.parse(JSON.stringify(found))
}

function split(of) {
  return Object.fromEntries(Object.entries(of).map(([region, its]) => [region, typeof its === 'string' ? its.split(' ') : its]))
}

function hours(of) {
  return Object.fromEntries(Object.entries(of).map(([region, { _preferred, _allowed }]) => [region.replace('_', '-'), [_preferred, ..._allowed.split(' ')]]))
}

/** Of each language, the periods of its day: when they begin, and `noon` and `midnight` where it has them. */
function dayPeriods(of) {
  return Object.fromEntries(Object.entries(of).map(([language, rules]) => [
    language,
    Object.fromEntries(Object.entries(rules).map(([period, { _at, _from, _before }]) => [period, _at ? [hour(_at)] : [hour(_from), hour(_before)]])),
  ]))
}

function hour(text) {
  return Number(text.split(':')[0])
}

function byRegion(of) {
  return Object.fromEntries(Object.entries(of).filter(([region]) => !region.includes('-alt-')))
}

function numbers(of) {
  return Object.fromEntries(Object.entries(of).map(([region, its]) => [region, Number(its)]))
}

/** The likely region of each language that has words, and of each of its scripts. */
function regions(of) {
  const known = new Set(locales().map((locale) => locale.split('-')[0]))
  const found = {}
  for (const [tag, likely] of Object.entries(of)) {
    const [language, second, third] = tag.split('-')
    if (third || (second && second.length !== 4) || !known.has(language)) continue
    found[tag] = likely.split('-')[2]
  }
  return found
}
