/**
 * The calendars that are not the Gregorian one: how what they have differs from `generic`, the patterns
 * and names of any calendar.
 *
 * CLDR's npm packages of most of them have not been renewed since version 28 or 39. So this is CLDR 48.2
 * as ICU 78.3 has it (under the Unicode License v3), in `data.json.gz`, which `make.py` and `make.js` write.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parents } from '../inheritance.js'
import { locales } from '../source.js'

/** The calendars. */
export const OTHERS = ['buddhist', 'chinese', 'coptic', 'dangi', 'ethiopic', 'hebrew', 'indian', 'islamic', 'japanese', 'persian', 'roc']

let kept

/** What each calendar has in a locale. Empty text is where it lacks what `generic` has. */
export function others(locale) {
  kept ??= {
    own: JSON.parse(gunzipSync(readFileSync(new URL('data.json.gz', import.meta.url)))),
    parents: parents(locales()),
    whole: new Map(),
  }
  return whole(locale)
}

function whole(locale) {
  const known = kept.whole.get(locale)
  if (known) return known
  const parent = kept.parents[locale]
  const of = merged(parent ? whole(parent) : {}, kept.own[locale] ?? {})
  kept.whole.set(locale, of)
  return of
}

function merged(of, changes) {
  const made = { ...of }
  for (const [name, change] of Object.entries(changes)) {
    if (change === null) delete made[name]
    else made[name] = typeof change === 'object' && typeof made[name] === 'object' ? merged(made[name], change) : change
  }
  return made
}
