/** What time zones are called. */
import { ROOT } from './inheritance.js'
import { ofLocale, read, supplemental } from './source.js'

/** The names in a locale: of the zones that have their own, and of the groups that have one clock (metazones). */
export function zones(locale) {
  const of = namesOf(locale)
  return of && {
    hours: of.hourFormat,
    gmt: of.gmtFormat,
    region: of.regionFormat,
    fallback: of.fallbackFormat,
    zones: some(flat(of.zone, '_type', named)),
    groups: some(Object.fromEntries(Object.entries(of.metazone ?? {}).map(([name, its]) => [name, named(its)]))),
  }
}

/** The cities of the zones, by which those are called that have no name: as many as there are zones, and seldom asked for. */
export function cities(locale) {
  const of = namesOf(locale)
  return of && flat(of.zone, '_type', (zone) => zone.exemplarCity)
}

const namesOf = (locale) => ofLocale('cldr-dates-full', locale, 'timeZoneNames').dates?.timeZoneNames

/** Those members that have members. */
function some(of) {
  return Object.fromEntries(Object.entries(of).filter(([, its]) => Object.keys(its).length > 0))
}

/** CLDR's mark of a name that there is none of, although a parent has one. */
const NONE = '∅∅∅'

function named(of) {
  const found = {}
  for (const width of ['long', 'short']) {
    for (const [kind, name] of Object.entries(of[width] ?? {})) if (name !== NONE) found[`${width} ${kind}`] = name
  }
  return found
}

/** What the leaves of a tree of names of zones have, `America/Argentina/Salta`. A leaf has the member `mark`, or is an array. */
function flat(tree, mark, leaf, path = '', found = {}) {
  for (const [name, its] of Object.entries(tree ?? {})) {
    const whole = path ? `${path}/${name}` : name
    if (Array.isArray(its) || its[mark] !== undefined) {
      const made = leaf(its)
      if (made !== undefined) found[whole] = made
    } else {
      flat(its, mark, leaf, whole, found)
    }
  }
  return found
}

/**
 * What ICU of Node 22.23 has of zones' groups beyond this release of CLDR: Morocco's clocks show Greenwich's time from 2026-09-20.
 * All other zones are in the same groups, by their names from 1970 to 2040.
 */
const NEWER = {
  'Africa/Casablanca': [['Europe_Western', '2026-09-20 01:00', '']],
  'Africa/El_Aaiun': [['Europe_Western', '2026-09-20 01:00', '']],
}

/** The zones' names in any language: what CLDR takes for the same, their regions, groups and when they were in them. */
export function zoneNames(locale) {
  if (locale !== ROOT) return undefined
  const { metaZones } = supplemental('metaZones')
  const groups = {}
  for (const { mapZone } of metaZones.metazones) {
    groups[mapZone._other] ??= {}
    groups[mapZone._other][mapZone._territory] = mapZone._type
  }
  return {
    same: same(read('cldr-bcp47', 'bcp47/timezone.json').keyword.u.tz),
    primary: supplemental('primaryZones').primaryZones,
    groups,
    times: withNewer(flat(metaZones.metazoneInfo.timezone, undefined, (all) => all.map(({ usesMetazone: { _mzone, _from, _to } }) => [_mzone, _from ?? '', _to ?? '']))),
  }
}

function withNewer(times) {
  for (const [zone, newer] of Object.entries(NEWER)) {
    if (times[zone]?.at(-1)[2] === '') throw new Error(`CLDR has a group of ${zone} that lasts: compare with Node and take the zone out of NEWER`)
    times[zone] = [...times[zone] ?? [], ...newer]
  }
  return times
}

/** Zones that CLDR takes for those of cities, and ICU of Node 22.23 for zones of their own, which have no names. */
const OWN = ['EST5EDT', 'CST6CDT', 'MST7MDT', 'PST8PDT']

/** All names of each zone, the primary first, by its short name, which begins with its region. */
function same(of) {
  const found = {}
  for (const [short, { _alias, _region, _deprecated }] of Object.entries(of)) {
    if (short.startsWith('_') || !_alias || _deprecated) continue
    found[short] = { names: _alias.split(' ').filter((name) => !OWN.includes(name)), region: _region ?? short.slice(0, 2).toUpperCase() }
  }
  return found
}
