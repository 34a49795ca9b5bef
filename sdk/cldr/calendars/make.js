/** Writes `data.json.gz` from what `make.py` gives, which says how. */
import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { dates } from '../dates.js'
import { difference } from '../difference.js'
import { parents, ROOT } from '../inheritance.js'
import { locales } from '../source.js'

const STYLES = ['full', 'long', 'medium', 'short']
const WIDTHS = { wide: 'long', abbreviated: 'short', narrow: 'narrow' }
const CONTEXTS = { format: 'format', 'stand-alone': 'alone' }

/** They have the months of the Gregorian calendar. */
const NO_MONTHS = ['buddhist', 'japanese', 'roc']

const all = locales()
const parent = parents(all)
if (process.argv[2] === 'locales') console.log(JSON.stringify(chains()))
else write(JSON.parse(readFileSync(0, 'utf8')))

/** Each locale and all that it inherits from, as ICU calls them. */
function chains() {
  const icu = (locale) => (locale === ROOT ? 'root' : locale.replace(/-/g, '_'))
  const chain = (locale) => (locale ? [icu(locale), ...chain(parent[locale])] : [])
  return Object.fromEntries(all.map((locale) => [locale, chain(locale)]))
}

function write(icu) {
  const whole = {}
  for (const locale of all) {
    let known = locale
    while (!dates(known)) known = parent[known]
    const { gregory, generic } = dates(known)
    whole[locale] = {}
    for (const [calendar, of] of Object.entries(icu[locale])) {
      whole[locale][calendar] = changes(calendarOf(calendar, of, gregory), generic) ?? {}
    }
  }
  const own = {}
  for (const locale of all) {
    const change = locale === ROOT ? whole[locale] : difference(whole[locale], whole[parent[locale]])
    if (change) own[locale] = change
  }
  writeFileSync(new URL('data.json.gz', import.meta.url), gzipSync(JSON.stringify(own), { level: 9 }))
}

/** A calendar in the form of a section, see `../dates.js`. */
function calendarOf(calendar, of, gregory) {
  const styles = (place) => Object.fromEntries(STYLES.map((style, index) => [style, text(of.styles[place + index])]))
  const glue = styles(9)
  const numbers = STYLES.map((style, index) => [style, of.styles[4 + index]]).filter(([, its]) => Array.isArray(its))
  return JSON.parse(JSON.stringify({
    months: NO_MONTHS.includes(calendar) ? undefined : months(calendar, of.months),
    eras: Object.values(of.eras).some((its) => Object.keys(its).length) ? renamed(of.eras, WIDTHS) : undefined,
    time: styles(0),
    date: styles(4),
    glue,
    atTime: of.atTime ? Object.fromEntries(STYLES.map((style, index) => [style, text(of.atTime[index])])) : gregory.atTime,
    numbers: numbers.length ? Object.fromEntries(numbers.map(([style, [, its]]) => [style, its])) : undefined,
    available: Object.fromEntries(Object.entries(of.available).filter(([skeleton]) => !skeleton.includes('%'))),
    append: Object.fromEntries(Object.entries(of.append).filter(([, pattern]) => pattern)),
    intervals: { fallback: of.fallback, patterns: of.intervals },
    years: of.years && counted(of.years),
    monthPatterns: of.leap && leapMonths(of.leap),
  }))
}

function text(of) {
  return Array.isArray(of) ? of[0] : of
}

function renamed(of, names) {
  return Object.fromEntries(Object.entries(names).map(([from, to]) => [to, of[from]]))
}

/** A list, by number from 1. */
function counted(list) {
  return Object.fromEntries(list.map((name, index) => [String(index + 1), name]))
}

function months(calendar, of) {
  const named = (names) => {
    const found = counted(names ?? [])
    // The second Adar is ICU's fourteenth month.
    if (calendar === 'hebrew' && found[14]) {
      found['7-yeartype-leap'] = found[14]
      delete found[14]
    }
    return found
  }
  const context = (its) => renamed(Object.fromEntries(Object.entries(its).map(([width, names]) => [width, named(names)])), WIDTHS)
  return renamed(Object.fromEntries(Object.entries(of).map(([name, its]) => [name, context(its)])), CONTEXTS)
}

function leapMonths(of) {
  return Object.fromEntries(Object.entries(of).filter(([, pattern]) => pattern).map(([key, pattern]) => {
    const [context, width] = key.split(' ')
    return [width ? `${CONTEXTS[context]} ${WIDTHS[width]}` : key, pattern]
  }))
}

/** What makes `to` of `from`: as a difference between locales, but that what is taken away is empty text. */
function changes(to, from) {
  if (typeof to !== 'object' || typeof from !== 'object') return to === from ? undefined : to
  const found = {}
  for (const [name, value] of Object.entries(to)) {
    const change = name in from ? changes(value, from[name]) : value
    if (change !== undefined) found[name] = change
  }
  for (const name of Object.keys(from)) if (!(name in to)) found[name] = ''
  return Object.keys(found).length === 0 ? undefined : found
}
