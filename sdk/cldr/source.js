/** CLDR's data as its npm packages have them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** Reads a file of a package: `read('cldr-core', 'supplemental/plurals.json')`. */
export function read(name, file) {
  return JSON.parse(readFileSync(join(home(name), file), 'utf8'))
}

/** Reads what a package has of a locale: `ofLocale('cldr-numbers-full', 'de', 'numbers')`. Empty where it has nothing. */
export function ofLocale(name, locale, file) {
  if (!existsSync(join(home(name), `main/${locale}/${file}.json`))) return {}
  return read(name, `main/${locale}/${file}.json`).main[locale]
}

/** Reads a file of `cldr-core/supplemental`. */
export function supplemental(file) {
  return read('cldr-core', `supplemental/${file}.json`).supplemental
}

/** All locales that CLDR knows some words of, with `und`, from which each inherits. */
export function locales() {
  const main = join(home('cldr-localenames-full'), 'main')
  return readdirSync(main).filter((locale) => locale === 'und' || existsSync(join(main, locale, 'languages.json'))).sort()
}

function home(name) {
  return dirname(require.resolve(`${name}/package.json`))
}
