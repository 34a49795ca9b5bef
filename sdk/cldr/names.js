/** What languages, regions, scripts, variants and calendars are called. */
import { ofLocale } from './source.js'

export function languages(locale) {
  return ofLocale('cldr-localenames-full', locale, 'languages').localeDisplayNames?.languages
}

export function regions(locale) {
  return ofLocale('cldr-localenames-full', locale, 'territories').localeDisplayNames?.territories
}

export function names(locale) {
  const of = ofLocale('cldr-localenames-full', locale, 'localeDisplayNames').localeDisplayNames
  return {
    pattern: of.localeDisplayPattern.localePattern,
    separator: of.localeDisplayPattern.localeSeparator,
    scripts: ofLocale('cldr-localenames-full', locale, 'scripts').localeDisplayNames?.scripts ?? {},
    variants: ofLocale('cldr-localenames-full', locale, 'variants').localeDisplayNames?.variants ?? {},
    calendars: of.types?.calendar ?? {},
  }
}
