// Calls of Intl made from a seed: locale, style, zone and value. What they mean is said in intl/app.js.

const LOCALES = `en en-US en-GB en-IN es es-MX es-AR pt pt-BR pt-PT fr fr-CA de de-AT de-CH it nl hi ar ar-EG ar-SA he id ms tr ru uk zu af
  sw zh zh-TW zh-HK ja ko`.split(/\s+/)
const CURRENCIES = ['USD', 'EUR', 'BRL', 'MXN', 'ARS', 'COP', 'GBP', 'INR', 'JPY', 'CHF', 'ILS', 'IDR', 'MYR', 'TRY', 'RUB', 'UAH', 'ZAR', 'KES', 'CNY', 'KRW', 'SAR', 'KWD', 'NGN', 'CLP']
const UNITS = ['meter', 'kilometer', 'kilogram', 'liter', 'celsius', 'hour', 'day', 'month', 'byte', 'megabyte', 'percent', 'kilometer-per-hour', 'liter-per-second', 'mile', 'foot', 'minute', 'gram']
const CALENDARS = ['gregory', 'buddhist', 'japanese', 'islamic-umalqura', 'islamic-civil', 'hebrew', 'persian', 'indian', 'roc', 'coptic', 'ethiopic', 'chinese', 'iso8601']
const RELATIVE = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']
const NAMES = {
  language: ['en', 'pt-BR', 'zh-Hans', 'es-419', 'sw', 'de', 'ar', 'ja', 'fr-CA', 'xh'], region: ['BR', 'US', 'IN', 'DE', 'ZA', '419', 'CN', 'ID', 'UA', 'XK'],
  script: ['Latn', 'Arab', 'Hans', 'Deva', 'Cyrl'], currency: CURRENCIES, calendar: CALENDARS,
  dateTimeField: ['era', 'year', 'quarter', 'month', 'weekOfYear', 'weekday', 'day', 'dayPeriod', 'hour', 'minute', 'second', 'timeZoneName'],
}
const WORDS = ['Ana', 'ana', 'Ângela', 'Zé', 'José', 'Jose', 'Özil', 'oz', 'Ñandú', 'nandu', 'Łódź', 'ß', 'ss', 'ä', 'ae', 'z', 'Ж', 'е', 'ё', '10', '9', 'a-b', 'ab', 'a b', 'é', 'שלום', 'سلام', '汉', '字', 'かな', 'カナ', '한', 'ı', 'i', 'İ']
const TEXTS = ['Olá, mundo! Tudo bem?', 'Hello. It isn’t 3.14 yet.', '汉字测试。你好！', 'これはペンです。', 'नमस्ते दुनिया।', 'שלום עולם!', 'مرحبا بالعالم؟', '안녕하세요, 세계!', '👨‍👩‍👧‍👦 family 🇧🇷🇺🇸 👍🏽', 'naïve café e\u0301']

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function chance(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** So many calls. */
export function calls(seed, count) {
  const random = chance(seed)
  const whole = (least, most) => least + Math.floor(random() * (most - least + 1))
  const pick = (list) => list[Math.floor(random() * list.length)]
  const maybe = (share, make) => (random() < share ? make() : undefined)
  /** Options without those that are not there. */
  const options = (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  const zones = Intl.supportedValuesOf('timeZone')
  const zone = () => pick([() => pick(zones), () => pick(['UTC', 'America/Sao_Paulo', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Asia/Jerusalem', 'Africa/Johannesburg']), () => pick(['+05:30', '-03:00'])])()

  const number = () => pick([
    () => whole(0, 20), () => whole(-1000, 100_000), () => Number((random() * 10 ** whole(-4, 12)).toFixed(whole(0, 6))), () => -Number((random() * 1000).toFixed(2)),
    () => pick([0, 1, 2, 3, 5, 11, 21, 100, 1000, 1234567.891, 0.5, 1.5, 999.995, 1e15, 1e21, 1e-7]), () => ({ $: 'number', of: pick(['-0', 'NaN', 'Infinity']) }),
    () => ({ $: 'bigint', of: `${whole(1, 9)}${'1234567890'.repeat(whole(1, 3))}` }),
  ])()
  const ms = () => pick([() => whole(0, 2_000_000_000_000), () => whole(-2_000_000_000_000, 4_000_000_000_000), () => Date.UTC(whole(2020, 2027), whole(0, 11), whole(1, 28), whole(0, 23), whole(0, 59), whole(0, 59), whole(0, 999))])()
  const date = () => ({ $: 'date', of: `${ms()}` })

  function numberOptions() {
    const style = pick(['decimal', 'decimal', 'percent', 'currency', 'currency', 'unit'])
    const ofStyle = {
      currency: () => ({ currency: pick(CURRENCIES), currencyDisplay: maybe(0.5, () => pick(['symbol', 'narrowSymbol', 'code', 'name'])), currencySign: maybe(0.2, () => 'accounting') }),
      unit: () => ({ unit: pick(UNITS), unitDisplay: maybe(0.7, () => pick(['short', 'long', 'narrow'])) }),
    }[style]?.()
    const notation = maybe(0.3, () => pick(['compact', 'compact', 'scientific', 'engineering']))
    const least = maybe(0.2, () => whole(0, 4))
    return options({
      style, ...ofStyle, notation, compactDisplay: notation === 'compact' ? maybe(0.5, () => pick(['short', 'long'])) : undefined,
      minimumFractionDigits: least, maximumFractionDigits: maybe(0.3, () => (least ?? 0) + whole(0, 4)), maximumSignificantDigits: maybe(0.1, () => whole(1, 8)),
      minimumIntegerDigits: maybe(0.05, () => whole(2, 5)), useGrouping: maybe(0.15, () => pick([true, false, 'always', 'min2', 'auto'])),
      signDisplay: maybe(0.2, () => pick(['always', 'never', 'exceptZero', 'negative'])), roundingMode: maybe(0.1, () => pick(['ceil', 'floor', 'trunc', 'halfEven', 'halfExpand'])),
      trailingZeroDisplay: maybe(0.05, () => 'stripIfInteger'), numberingSystem: maybe(0.05, () => pick(['latn', 'arab', 'deva', 'thai'])),
    })
  }

  function dateOptions() {
    const common = { timeZone: maybe(0.8, zone), calendar: maybe(0.12, () => pick(CALENDARS)), numberingSystem: maybe(0.04, () => pick(['latn', 'arab'])) }
    if (random() < 0.35) return options({ dateStyle: maybe(0.8, () => pick(['full', 'long', 'medium', 'short'])), timeStyle: maybe(0.6, () => pick(['full', 'long', 'medium', 'short'])), hour12: maybe(0.1, () => random() < 0.5), ...common })
    const hasDate = random() < 0.8
    const hasTime = !hasDate || random() < 0.45
    return options({
      ...(hasDate && { weekday: maybe(0.35, () => pick(['long', 'short', 'narrow'])), era: maybe(0.05, () => 'short'), year: maybe(0.7, () => pick(['numeric', '2-digit'])), month: maybe(0.85, () => pick(['numeric', '2-digit', 'long', 'short', 'narrow'])), day: maybe(0.75, () => pick(['numeric', '2-digit'])) }),
      ...(hasTime && { hour: pick(['numeric', '2-digit']), minute: maybe(0.85, () => pick(['numeric', '2-digit'])), second: maybe(0.4, () => pick(['numeric', '2-digit'])), fractionalSecondDigits: maybe(0.06, () => whole(1, 3)), dayPeriod: maybe(0.08, () => pick(['short', 'long'])), hour12: maybe(0.25, () => random() < 0.5), hourCycle: maybe(0.1, () => pick(['h11', 'h12', 'h23', 'h24'])), timeZoneName: maybe(0.2, () => pick(['short', 'long', 'shortOffset', 'longOffset', 'shortGeneric', 'longGeneric'])) }),
      ...common,
    })
  }

  const locale = () => pick(LOCALES)
  const made = {
    NumberFormat: () => ['new', 'NumberFormat', locale(), numberOptions(), ...pick([() => ['format', number()], () => ['format', number()], () => ['formatToParts', number()], () => ['formatRange', whole(0, 50), whole(51, 5000)], () => ['resolvedOptions']])()],
    DateTimeFormat() {
      const at = ms()
      const later = at + whole(0, 1000) * pick([60_000, 3_600_000, 86_400_000])
      return ['new', 'DateTimeFormat', locale(), dateOptions(), ...pick([() => ['format', at], () => ['format', at], () => ['formatToParts', at], () => ['formatRange', at, later], () => ['resolvedOptions']])()]
    },
    toLocale: () => pick([
      () => ['call', number(), 'toLocaleString', locale()], () => ['call', number(), 'toLocaleString', locale(), numberOptions()],
      () => ['call', date(), pick(['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']), locale(), options({ timeZone: maybe(0.7, zone) })],
      () => ['call', date(), 'toLocaleString', locale(), dateOptions()], () => ['call', pick(WORDS), pick(['toLocaleUpperCase', 'toLocaleLowerCase']), locale()],
      () => ['call', pick(TEXTS), 'normalize', pick(['NFC', 'NFD', 'NFKC', 'NFKD'])],
    ])(),
    RelativeTimeFormat: () => ['new', 'RelativeTimeFormat', locale(), options({ style: maybe(0.6, () => pick(['long', 'short', 'narrow'])), numeric: maybe(0.5, () => 'auto') }), pick(['format', 'formatToParts']), pick([whole(-3, 3), whole(-200, 2000), 1.5]), pick(RELATIVE)],
    PluralRules: () => ['new', 'PluralRules', locale(), options({ type: maybe(0.4, () => 'ordinal'), minimumFractionDigits: maybe(0.1, () => 1) }), ...pick([() => ['select', pick([whole(0, 25), whole(0, 1000), 1.5, 0.1])], () => ['selectRange', whole(0, 5), whole(6, 30)], () => ['resolvedOptions']])()],
    ListFormat: () => ['new', 'ListFormat', locale(), options({ type: maybe(0.6, () => pick(['conjunction', 'disjunction', 'unit'])), style: maybe(0.6, () => pick(['long', 'short', 'narrow'])) }), pick(['format', 'formatToParts']), Array.from({ length: whole(0, 4) }, () => pick(WORDS))],
    DisplayNames() {
      const type = pick(Object.keys(NAMES))
      return ['new', 'DisplayNames', locale(), options({ type, style: maybe(0.5, () => pick(['long', 'short', 'narrow'])), languageDisplay: maybe(0.2, () => 'standard') }), 'of', pick(NAMES[type])]
    },
    order: () => pick([
      () => ['sort', Array.from({ length: 12 }, () => pick(WORDS)), locale(), options({ numeric: maybe(0.3, () => true), caseFirst: maybe(0.2, () => 'upper') })],
      () => ['call', pick(WORDS), 'localeCompare', pick(WORDS), locale(), options({ sensitivity: maybe(0.6, () => pick(['base', 'accent', 'case', 'variant'])) })],
    ])(),
    Segmenter: () => ['new', 'Segmenter', locale(), { granularity: pick(['grapheme', 'word', 'sentence']) }, 'segment', pick(TEXTS)],
    Locale: () => ['new', 'Locale', pick([locale(), `${locale()}-u-nu-latn`]), {}, pick(['toString', 'maximize', 'minimize'])],
  }
  const SHARES = { NumberFormat: 28, DateTimeFormat: 30, toLocale: 14, RelativeTimeFormat: 7, PluralRules: 5, ListFormat: 4, DisplayNames: 6, order: 3, Segmenter: 2, Locale: 1 }
  const kinds = Object.entries(SHARES).flatMap(([kind, share]) => Array(share).fill(kind))
  return Array.from({ length: count }, () => {
    const kind = pick(kinds)
    return { kind, call: made[kind]() }
  })
}
