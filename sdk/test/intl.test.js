/** `Intl` and what answers in a language: the runtime's classes over a host whose half is Node's own Intl, compared with Node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEngine } from './support/node_engine.js'

// The engine's own dates are in UTC, and its locale is that of who says nothing.
process.env.TZ = 'UTC'

/** What a piece of code gives, as text: its value, or the name and the message of its error. */
const TOLD = `const told = (text) => { try { return String(Function('return ' + text)()) } catch (error) { return error.name + ': ' + error.message } }
const tell = (texts) => JSON.stringify(texts.map(told))`

/** What pieces of code give in a bot. */
async function inBot(texts, { env = {}, top = '' } = {}) {
  const engine = makeEngine()
  const boot = await engine.boot(`${TOLD}; ${top}
    require('http').createServer((req, res) => res.end(tell(${JSON.stringify(texts)}))).listen(1)`, { env })
  assert.equal(boot.ok, true, boot.error?.stack)
  const { body } = await engine.event()
  return JSON.parse(body)
}

const onNode = (texts) => JSON.parse(new Function(`${TOLD}; return tell(${JSON.stringify(texts)})`)())

async function compare(texts) {
  const [bot, node] = [await inBot(texts), onNode(texts)]
  for (const [n, text] of texts.entries()) assert.equal(bot[n], node[n], text)
}

const written = (text) => `JSON.stringify(${text})`

const MADE = [
  "new Intl.NumberFormat('pt-BR')", "new Intl.NumberFormat('en', { style: 'currency', currency: 'usd' })",
  "new Intl.NumberFormat('de', { style: 'unit', unit: 'liter-per-second', notation: 'compact', maximumSignificantDigits: 3 })",
  "new Intl.NumberFormat('en-u-nu-thai-ca-buddhist', { notation: 'compact', useGrouping: false })",
  "new Intl.NumberFormat('en', { style: 'currency', currency: 'JPY', minimumFractionDigits: 1, roundingMode: 'trunc', signDisplay: 'always' })",
  "new Intl.DateTimeFormat('en')", "new Intl.DateTimeFormat('fa-IR')", "new Intl.DateTimeFormat('th', { dateStyle: 'full', timeStyle: 'long', hour12: false })",
  "new Intl.DateTimeFormat('en-u-ca-islamicc-hc-h23-nu-arab', { hour: 'numeric', timeZone: 'asia/kolkata' })",
  "new Intl.DateTimeFormat('en', { timeZone: 'america/st_johns', fractionalSecondDigits: 2 })",
  "new Intl.PluralRules('ar', { type: 'ordinal' })", "new Intl.RelativeTimeFormat('ar-u-nu-arab', { numeric: 'auto' })", "new Intl.ListFormat('he', { type: 'unit' })",
  "new Intl.DisplayNames('ja', { type: 'language' })", "new Intl.DisplayNames('ja', { type: 'region', fallback: 'none' })",
  "new Intl.Collator('de-u-co-phonebk-kn')", "new Intl.Collator('sv', { usage: 'search', sensitivity: 'base' })", "new Intl.Segmenter('th', { granularity: 'word' })",
].map((made) => `JSON.stringify(${made}.resolvedOptions())`)

test('formatters say what they are made of, as on Node', async () => {
  const [bot, node] = [await inBot(MADE), onNode(MADE)]
  // Versions of Node differ in how much there is and in the order, which below is that of 22.
  for (const [n, made] of MADE.entries()) {
    const shown = JSON.parse(bot[n])
    for (const [name, value] of Object.entries(JSON.parse(node[n]))) assert.deepEqual(shown[name], value, `${made}: ${name}`)
  }
  assert.equal(bot[1], '{"locale":"en","numberingSystem":"latn","style":"currency","currency":"USD","currencyDisplay":"symbol","currencySign":"standard",' +
    '"minimumIntegerDigits":1,"minimumFractionDigits":2,"maximumFractionDigits":2,"useGrouping":"auto","notation":"standard","signDisplay":"auto",' +
    '"roundingIncrement":1,"roundingMode":"halfExpand","roundingPriority":"auto","trailingZeroDisplay":"auto"}')
})

test('numbers of every kind are written exactly', () => compare([
  "new Intl.NumberFormat('en').format('123456789012345678901234567890.123')", "new Intl.NumberFormat('en').format(12345678901234567890n)",
  "new Intl.NumberFormat('en').format(-0)", "new Intl.NumberFormat('en').format('-0')", "new Intl.NumberFormat('en').format(' 0x1F ')",
  "new Intl.NumberFormat('en').format('-.5e3')", "new Intl.NumberFormat('en').format('1e-1000')", "new Intl.NumberFormat('en').format('1e1000')",
  "new Intl.NumberFormat('en').format('x')", "new Intl.NumberFormat('en').format()", "new Intl.NumberFormat('en').format(null)",
  "new Intl.NumberFormat('en').format({ valueOf: () => 7n })", "new Intl.NumberFormat('en').format(Symbol())", "new Intl.NumberFormat('en').formatRange(3, 5)",
  written("new Intl.NumberFormat('de', { style: 'currency', currency: 'EUR' }).formatToParts(-1234.5)"),
  written("new Intl.NumberFormat('de').formatRangeToParts(3, '5')"), "new Intl.NumberFormat('en').formatRange(1)", "new Intl.NumberFormat('en').formatRange('x', 1)",
  "new Intl.PluralRules('ar').select(3)", "new Intl.PluralRules('en').selectRange(1, 2)", "new Intl.PluralRules('en').selectRange(1)",
]))

test('dates, times, lists, names, words and order are as on Node', () => compare([
  "new Intl.DateTimeFormat('es', { dateStyle: 'full', timeZone: 'America/Sao_Paulo' }).format(0)", "new Intl.DateTimeFormat('en').format(new Date(1e12))",
  written("new Intl.DateTimeFormat('de', { weekday: 'long', hour: 'numeric' }).formatToParts(1e12)"), "new Intl.DateTimeFormat('en').formatRange(0, 1e12)",
  written("new Intl.DateTimeFormat('en').formatRangeToParts(0, 1e9)"), "new Intl.DateTimeFormat('en').format(NaN)", "new Intl.DateTimeFormat('en').format(8.64e15 + 1)",
  "new Intl.DateTimeFormat('en').formatRange(1)", "new Intl.RelativeTimeFormat('pt', { numeric: 'auto' }).format(-1, 'day')",
  written("new Intl.RelativeTimeFormat('en').formatToParts(-0, 'hours')"), "new Intl.ListFormat('en').format(new Set(['a', 'b', 'c']))",
  written("new Intl.ListFormat('es', { type: 'disjunction' }).formatToParts(['uno', 'otro'])"), "new Intl.ListFormat('en').format([1])", "new Intl.ListFormat('en').format(5)",
  "new Intl.DisplayNames('fr', { type: 'region' }).of('BR')", "new Intl.DisplayNames('en', { type: 'language' }).of('pt-BR')", "new Intl.DisplayNames('en', { type: 'currency' }).of('abc')",
  "new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of('ZZ')",
  "['Ä', 'a', 'Z', 'z', 'ä', '10', '9', ''].sort(new Intl.Collator('de').compare)", "['10', '9', 'x2', 'x10'].sort(new Intl.Collator('en', { numeric: true }).compare)",
  "new Intl.Collator('es', { sensitivity: 'base' }).compare('a', 'á')", "new Intl.Collator('en').compare('a'.repeat(500), 'a'.repeat(499) + 'b')",
  written("[...new Intl.Segmenter('en', { granularity: 'word' }).segment('Hello, world! 👨‍👩‍👧')]"), written("[...new Intl.Segmenter().segment('né👍🏽')]"),
  written("new Intl.Segmenter('en', { granularity: 'sentence' }).segment('One. Two. Three.').containing(6)"), "new Intl.Segmenter().segment('ab').containing(2)",
]))

test('what answers in a language answers in it', () => compare([
  "(1234567.891).toLocaleString('pt-BR', { style: 'currency', currency: 'BRL' })", "(1234.5).toLocaleString()", "(2n ** 70n).toLocaleString('de')",
  "new Date(1e12).toLocaleString('pt-BR', { timeZone: 'America/Sao_Paulo' })", "new Date(1e12).toLocaleDateString()", "new Date(1e12).toLocaleTimeString('de')",
  "new Date(1e12).toLocaleDateString('en', { hour: 'numeric' })", "new Date(NaN).toLocaleString('x_y')", "[1234.5, new Date(0), null, 'x', [2.5]].toLocaleString('de')",
  "new Float32Array([1.5, 1e6]).toLocaleString('de')", "'a'.localeCompare('á', 'es', { sensitivity: 'base' })", "['b', 'a', 'á', 'Z'].sort((a, b) => a.localeCompare(b))",
  "'iI'.toLocaleUpperCase('tr')", "'Iİ'.toLocaleLowerCase('tr')", "'ß'.toLocaleUpperCase()", "'ά'.toLocaleUpperCase('el')", "'é'.normalize('NFD').length",
]))

test('what is wrong is said in the words of V8', () => compare([
  "Intl.getCanonicalLocales('x_y')", 'new Intl.NumberFormat([1])', 'new Intl.NumberFormat(null)', "new Intl.NumberFormat('en', { style: 'x' })", "new Intl.NumberFormat('en', { style: 'currency' })",
  "new Intl.NumberFormat('en', { style: 'currency', currency: 'US' })", "new Intl.NumberFormat('en', { style: 'unit', unit: 'foo' })", "new Intl.NumberFormat('en', { maximumFractionDigits: 101 })",
  "new Intl.NumberFormat('en', { minimumSignificantDigits: 5, maximumSignificantDigits: 2 })", "new Intl.NumberFormat('en', { roundingIncrement: 5, maximumSignificantDigits: 2 })",
  "new Intl.NumberFormat('en', { numberingSystem: 'x' })", "new Intl.NumberFormat('en', null)", "new Intl.ListFormat('en', 5)", 'Intl.PluralRules()', 'new Intl.DisplayNames()',
  "new Intl.DisplayNames('en', { type: 'region' }).of('x')", "new Intl.RelativeTimeFormat('en').format(1, 'x')", "new Intl.RelativeTimeFormat('en').format(Infinity, 'day')",
  "new Intl.DateTimeFormat('en', { timeZone: 'x/y' })", "new Date(0).toLocaleDateString('en', { timeStyle: 'long' })",
  "new Date(0).toLocaleString('en', { month: 'x' })", "(5).toLocaleString('en', null)", "Intl.supportedValuesOf('x')", "Intl.NumberFormat.supportedLocalesOf('en', { localeMatcher: 'x' })",
  'new Intl.Locale()', "new Intl.Locale('en', { calendar: 'x' })", "String.prototype.localeCompare.call(null, 'a')", "Number.prototype.toLocaleString.call('1')",
]))

test('locales are read, changed and completed', () => compare([
  "new Intl.Locale('en-latn-us-u-nu-thai-kn-ca-buddhist', { language: 'fr', numeric: false })", "new Intl.Locale('zh').maximize()", "new Intl.Locale('zh-Hant-TW').minimize()",
  "new Intl.Locale('de-1996-x-foo').baseName", "new Intl.Locale('sr-u-kf').caseFirst", "new Intl.Locale('en-u-kn').numeric", written("new Intl.Locale('ar').weekInfo"),
  written("new Intl.Locale('he').textInfo"), written("new Intl.Locale('pt-BR').timeZones"), written("new Intl.Locale('th-u-ca-gregory').calendars"), "new Intl.Locale('iw') + ''",
  written("Intl.NumberFormat.supportedLocalesOf(['en-US', 'xx', 'pt-BR-u-nu-arab', 'iw'])"), written("Intl.getCanonicalLocales(['EN-us', 'iw', 'en-US'])"),
  ...['calendar', 'collation', 'currency', 'numberingSystem', 'timeZone', 'unit'].map((key) => written(`Intl.supportedValuesOf('${key}')`)),
]))

test('classes have the shapes of the language', () => compare([
  'Object.prototype.toString.call(Intl)', "['NumberFormat', 'DateTimeFormat', 'Collator', 'PluralRules', 'Locale', 'DisplayNames'].map((name) => [Intl[name].name, Intl[name].length])",
  'Object.getOwnPropertyNames(Intl.NumberFormat.prototype)', 'Object.getOwnPropertyNames(Intl.DateTimeFormat.prototype)',
  written("Object.getOwnPropertyDescriptor(Intl.NumberFormat, 'prototype')").replace('))', ', (key, value) => key === "value" ? undefined : value)))'.slice(0, -1)),
  "Object.getOwnPropertyDescriptor(Intl.NumberFormat.prototype, 'format').get.name", "new Intl.NumberFormat().format.name === '' && new Intl.NumberFormat().format.length",
  "Intl.NumberFormat('de').format(1.5)", 'Intl.DateTimeFormat.call({}) instanceof Intl.DateTimeFormat', 'Object.keys(Intl.NumberFormat.prototype).length',
  "new (class Euro extends Intl.NumberFormat { constructor() { super('de', { style: 'currency', currency: 'EUR' }) } price(value) { return this.format(value) } })().price(5)",
  "Intl.NumberFormat.call(Object.create(Intl.NumberFormat.prototype), 'de').format(1.5)", "'prototype' in Intl.NumberFormat.prototype.formatToParts",
]))

test('a formatter of the top level goes on in each event, and nothing is there before somebody asks', async () => {
  const top = "const price = new Intl.NumberFormat('pt-BR', { style: 'currency', currency: 'BRL' }); globalThis.format = price.format"
  assert.deepEqual(await inBot(['format(5)'], { top }), onNode(["new Intl.NumberFormat('pt-BR', { style: 'currency', currency: 'BRL' }).format(5)"]))
  const [kind, before, after] = await inBot(["Object.getOwnPropertyDescriptor(globalThis, 'Intl').get !== undefined", 'typeof Intl', "Object.getOwnPropertyDescriptor(globalThis, 'Intl').writable"])
  assert.deepEqual([kind, before, after], ['true', 'object', 'true'])
})

test('the locale of who names none is that of the environment', async () => {
  const text = 'new Intl.NumberFormat().resolvedOptions().locale'
  const cases = [[{}, 'en-US'], [{ LANG: 'C.UTF-8' }, 'en-US'], [{ LANG: 'pt_BR.UTF-8' }, 'pt-BR'], [{ LANG: 'pt_BR', LC_ALL: 'de_DE' }, 'de-DE'], [{ LC_MESSAGES: 'fr', LANG: 'de' }, 'fr'], [{ LANG: '' }, 'und']]
  for (const [env, locale] of cases) assert.deepEqual(await inBot([text], { env }), [locale], JSON.stringify(env))
  const [number, date] = await inBot(['(1234.5).toLocaleString()', 'new Date(0).toLocaleDateString()'], { env: { LANG: 'de_DE' } })
  assert.deepEqual([number, date], onNode(["(1234.5).toLocaleString('de')", "new Date(0).toLocaleDateString('de')"]))
})

test('dates are in the zone of TZ', async (t) => {
  t.after(() => { process.env.TZ = 'UTC' })
  const texts = [
    'new Date(0).getHours()', 'new Date(2024, 0, 5, 3).toISOString()', "new Date('2024-01-05').getDate()", "new Date('2024-01-05T10:00').toISOString()",
    "new Date('2024-01-05T10:00Z').toISOString()", "Date.parse('Mar 5, 2024 10:00')", "Date.parse('Tue Mar 01 2022 10:00:00 GMT-0300 (x)')", 'new Date(0).toString()',
    'new Date(0).getTimezoneOffset()', '{ const d = new Date(0); d.setHours(0, 0, 0, 0); return d.toISOString() }', 'new Date(0).toLocaleString("en")',
    'new Intl.DateTimeFormat().resolvedOptions().timeZone', 'typeof Date()', 'new Date(2018, 10, 4, 0, 30).getHours()', 'new Date(NaN).toString()',
    'new (class extends Date { constructor() { super(2024, 5, 1) } })().toISOString()', 'new Date(0).constructor === Date && Date.length', 'new Date(2024, 0, 5) - 0',
  ].map((text) => (text.startsWith('{') ? `(() => ${text})()` : text))
  const expected = [
    '21', '2024-01-05T06:00:00.000Z', '4', '2024-01-05T13:00:00.000Z', '2024-01-05T10:00:00.000Z', `${Date.UTC(2024, 2, 5, 13)}`, `${Date.UTC(2022, 2, 1, 13)}`,
    'Wed Dec 31 1969 21:00:00 GMT-0300 (Brasilia Standard Time)', '180', '1969-12-31T03:00:00.000Z', new Date(0).toLocaleString('en', { timeZone: 'America/Sao_Paulo' }),
    'America/Sao_Paulo', 'string', '1', 'Invalid Date', '2024-06-01T03:00:00.000Z', '7', `${Date.UTC(2024, 0, 5, 3)}`,
  ]
  assert.deepEqual(await inBot(texts, { env: { TZ: 'America/Sao_Paulo' } }), expected)
  // As on Node, it may be set at any time.
  assert.deepEqual(await inBot(texts, { top: "new Date(0).getHours(); process.env.TZ = 'America/Sao_Paulo'" }), expected)
  assert.deepEqual(await inBot(['new Date(0).getHours()', 'new Date(0).toString()'], { top: "process.env.TZ = 'Asia/Tokyo'; delete process.env.TZ" }), ['0', `${new Date(0)}`])
})

/** Whether this Node, which plays the host's part here, has zones of a fixed offset: version 22 has. */
const hasOffsets = (() => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: '-05:00' }) !== null
  } catch {
    return false
  }
})()

test('TZ is read as on Node: by the IANA database, by POSIX, and what nobody knows shows the time of UTC', { skip: !hasOffsets && 'this Node has no zones of a fixed offset' }, async (t) => {
  t.after(() => { process.env.TZ = 'UTC' })
  const texts = [
    'new Date(1751371200000).toString()', 'new Date(1751371200000).getTimezoneOffset()', 'new Intl.DateTimeFormat().resolvedOptions().timeZone',
    "new Date(1751371200000).toLocaleTimeString('en', { timeZoneName: 'short' })", "new Date(1751371200000).toLocaleTimeString('pt-BR', { timeZoneName: 'long' })",
  ]
  for (const TZ of ['EST5EDT', 'EST5', 'BRT3', 'JST-9', 'UTC+3', 'UTC0', ':America/Sao_Paulo', 'posix/Asia/Tokyo', 'Etc/GMT+3', 'GMT', 'Greenwich', 'Foo/Bar', 'XYZ', '', 'Factory']) {
    const bot = await inBot(texts, { env: { TZ } })
    process.env.TZ = TZ
    assert.deepEqual(bot, onNode(texts), JSON.stringify(TZ))
  }
  // Node asks the machine's settings then, which say UTC where nobody set them.
  for (const TZ of ['<-03>3', 'EST5EDT,M3.2.0,M11.1.0', '+03:00']) assert.equal((await inBot([texts[2]], { env: { TZ } }))[0], 'UTC', TZ)
  // What `TZ` alone may name, no option does.
  assert.match((await inBot(["new Intl.DateTimeFormat('en', { timeZone: 'Etc/Unknown' })"]))[0], /^RangeError: Invalid time zone specified: Etc\/Unknown/)
})

test('regions, scripts and calendars are named by their codes as written, languages and currencies in any case', () => compare([
  ...['us', 'US', 'gb', 'uk', '840', '419', 'zz', 'QQ'].map((code) => `new Intl.DisplayNames('en', { type: 'region' }).of('${code}')`),
  ...['Latn', 'LATN', 'latn', 'qqqq'].map((code) => `new Intl.DisplayNames('pt', { type: 'script' }).of('${code}')`),
  ...['gregory', 'GREGORY', 'islamic-civil', 'qqq'].map((code) => `new Intl.DisplayNames('en', { type: 'calendar' }).of('${code}')`),
  ...['usd', 'USD', 'qqq'].map((code) => `new Intl.DisplayNames('en', { type: 'currency' }).of('${code}')`),
  ...['EN-us', 'und', 'xx'].map((code) => `new Intl.DisplayNames('en', { type: 'language' }).of('${code}')`), "new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of('us')",
]))

test('sorting asks the host once for a text, not for each comparison', async () => {
  let calls = 0
  const { intl } = await import('./support/intl.js')
  const real = intl((value) => value)['intl-text.sort-keys']
  const engine = makeEngine({ 'intl-text.sort-keys': (collation, texts) => { calls++; return real(collation, [...texts]) } })
  await engine.boot(`require('http').createServer((req, res) => {
    const names = Array.from({ length: 1000 }, (_, n) => 'Näme ' + (n * 7919) % 1000)
    const sorted = [...names].sort((a, b) => a.localeCompare(b))
    res.end(JSON.stringify(sorted))
  }).listen(1)`)
  const sorted = JSON.parse((await engine.event()).body)
  assert.deepEqual(sorted, Array.from({ length: 1000 }, (_, n) => `Näme ${n}`).sort(new Intl.Collator('en').compare))
  assert.ok(calls <= 1000, `${calls} calls`)
})

test('long texts are cut piece by piece, as at once', () => compare([
  ...['word', 'sentence', 'grapheme'].map((granularity) => `Array.from(new Intl.Segmenter('en', { granularity: '${granularity}' }).segment('The quick 👨‍👩‍👧 fox; it isn\\'t. '.repeat(600)), ({ index }) => index).join()`),
  "new Intl.Segmenter('en', { granularity: 'word' }).segment('word '.repeat(3000)).containing(14000).index",
  "['ä', 'z', 'b'].map((end) => ('word '.repeat(6000) + 'a').localeCompare('word '.repeat(6000) + end))", "'x'.repeat(30000).localeCompare('x'.repeat(25000))",
  "new Intl.Segmenter('en', { granularity: 'sentence' }).segment('x '.repeat(6000) + '. Y').containing(5).segment.length",
]))
