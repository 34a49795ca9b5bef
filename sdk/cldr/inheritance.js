/** From which locale each inherits, and which names stand for one that CLDR writes with its script. */
import { supplemental } from './source.js'

/** The locale that all inherit from. */
export const ROOT = 'und'

const { parentLocale } = supplemental('parentLocales').parentLocales
const { likelySubtags } = supplemental('likelySubtags')

/** The parent of each locale, of those that there are. */
export function parents(locales) {
  const known = new Set(locales)
  const nearest = (locale) => {
    if (parentLocale[locale]) return nearest0(parentLocale[locale])
    const cut = locale.lastIndexOf('-')
    return cut < 0 ? ROOT : nearest0(locale.slice(0, cut))
  }
  const nearest0 = (locale) => (known.has(locale) ? locale : nearest(locale))
  return Object.fromEntries(locales.filter((locale) => locale !== ROOT).map((locale) => [locale, nearest(locale)]))
}

/** `zh-TW` is written in Han of the traditional form, `zh-Hant`, and `zh-SG` is `zh-Hans-SG`. All such names. */
export function aliases(locales) {
  const known = new Set(locales)
  const found = {}
  for (const locale of locales) {
    const [language, script, region] = locale.split('-')
    const likely = likelySubtags[`${language}-${region}`] ?? likelySubtags[language]
    if (region && !known.has(`${language}-${region}`) && likely?.split('-')[1] === script) found[`${language}-${region}`] = locale
  }
  for (const [tag, likely] of Object.entries(likelySubtags)) {
    const [language, script, region] = likely.split('-')
    if (!region || known.has(tag) || !tag.startsWith(`${language}-`)) continue
    const [, second, third] = tag.split('-')
    if (third || second.length === 4) continue
    const own = likelySubtags[language]?.split('-')[1]
    const written = [`${language}-${script}-${region}`, `${language}-${script}`].find((name) => known.has(name))
    if (script !== own && written) found[tag] = written
  }
  return found
}
