/**
 * Prints `host/intl/text/locales.txt`: which locales each service of `Intl` has.
 *
 * Not by CLDR's files, which do not say for what ICU takes them: by the Node that runs it, which has to be
 * the one that bots are compared with.
 *
 *     node sdk/cldr/available.js > host/intl/text/locales.txt
 */
const SERVICES = {
  c: Intl.Collator, d: Intl.DateTimeFormat, l: Intl.ListFormat, n: Intl.NumberFormat, p: Intl.PluralRules, s: Intl.Segmenter,
}
const letters = [...'abcdefghijklmnopqrstuvwxyz']
const pairs = letters.flatMap((a) => letters.map((b) => a + b))
const languages = [...pairs, ...pairs.flatMap((pair) => letters.map((c) => pair + c))]
const named = (type) => {
  const names = new Intl.DisplayNames('en', { type, fallback: 'none' })
  return (code) => names.of(code) !== undefined
}
const regions = ['001', '150', '419', ...pairs.map((pair) => pair.toUpperCase()).filter(named('region'))]
const scripts = pairs.flatMap((pair) => pairs.map((end) => pair[0].toUpperCase() + pair[1] + end)).filter(named('script'))

const found = new Map()
for (const [letter, Service] of Object.entries(SERVICES)) {
  const has = (tag) => {
    if (new Service(tag).resolvedOptions().locale !== tag) return false
    found.set(tag, (found.get(tag) ?? '') + letter)
    return true
  }
  const canonical = languages.filter((tag) => Intl.getCanonicalLocales(tag)[0] === tag)
  for (const language of Service.supportedLocalesOf(canonical)) {
    has(language)
    regions.forEach((region) => has(`${language}-${region}`))
    for (const script of scripts) if (has(`${language}-${script}`)) regions.forEach((region) => has(`${language}-${script}-${region}`))
  }
}
for (const tag of [...found.keys()].sort()) console.log(`${tag} ${found.get(tag)}`)
