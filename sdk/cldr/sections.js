/**
 * The sections of a locale: each is a function that gives the whole of it, as objects and lists of texts and
 * whole numbers, without `null`. What gives nothing has what its parent has. A call reads whole sections, so
 * what few calls need is apart from what most do.
 */
import { currencies } from './currencies.js'
import { anyCalendar, calendars, dates, ofCalendars } from './dates.js'
import { fields } from './fields.js'
import { lists } from './lists.js'
import { languages, names, regions } from './names.js'
import { numbers } from './numbers.js'
import { plain } from './plain.js'
import { units } from './units.js'
import { cities, zoneNames, zones } from './zones.js'

export const sections = {
  numbers, currencies, units, lists, fields, languages, regions, names, plain, dates, 'any-calendar': anyCalendar, ...ofCalendars, zones, cities, calendars, 'zone-names': zoneNames,
}
