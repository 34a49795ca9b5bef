/** What currencies are called: symbols, names, and names by plural category. */
import { ofLocale } from './source.js'

export function currencies(locale) {
  const named = {}
  for (const [code, of] of Object.entries(ofLocale('cldr-numbers-full', locale, 'currencies').numbers.currencies)) {
    const one = {}
    if (of.displayName) one.name = of.displayName
    if (of.symbol && of.symbol !== code) one.symbol = of.symbol
    if (of['symbol-alt-narrow']) one.narrow = of['symbol-alt-narrow']
    for (const own of ['pattern', 'decimal', 'group']) if (of[own]) one[own] = of[own]
    for (const [key, text] of Object.entries(of)) {
      const count = key.match(/^displayName-count-(\w+)$/)?.[1]
      if (count) one[count] = text
    }
    if (Object.keys(one).length > 0) named[code] = one
  }
  return named
}
