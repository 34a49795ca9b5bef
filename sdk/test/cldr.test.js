import assert from 'node:assert/strict'
import { test } from 'node:test'
import { difference } from '../cldr/difference.js'
import { aliases, parents } from '../cldr/inheritance.js'
import { sections } from '../cldr/sections.js'

/** What the host makes of a difference. */
function merged(whole, change) {
  if (typeof whole !== 'object' || typeof change !== 'object' || Array.isArray(whole) || Array.isArray(change)) return change
  const result = { ...whole }
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete result[name]
    else result[name] = name in result ? merged(result[name], value) : value
  }
  return result
}

test('a difference makes one section of another', () => {
  const parent = { a: { x: 1, y: 2 }, b: [1], c: 'same' }
  const child = { a: { x: 1, z: { deep: true } }, b: [2], c: 'same', d: '' }
  const change = difference(child, parent)
  assert.deepEqual(change, { a: { y: null, z: { deep: true } }, b: [2], d: '' })
  assert.deepEqual(merged(parent, change), child)
  assert.equal(difference(child, structuredClone(child)), undefined)
})

test('each locale inherits from one that there is', () => {
  const known = ['und', 'en', 'en-001', 'en-AU', 'zh', 'zh-Hant', 'zh-Hant-HK', 'zh-Hans-SG', 'sr', 'sr-Latn']
  const found = parents(known)
  assert.equal(found['en-AU'], 'en-001')
  assert.equal(found['zh-Hant'], 'und')
  assert.equal(found['zh-Hant-HK'], 'zh-Hant')
  const names = aliases(known)
  assert.equal(names['zh-TW'], 'zh-Hant')
  assert.equal(names['zh-HK'], 'zh-Hant-HK')
  assert.equal(names['zh-SG'], 'zh-Hans-SG')
  assert.equal(names['sr-ME'], 'sr-Latn')
})

test('every section of a locale is texts and whole numbers, without null', () => {
  const plainly = (value, path) => {
    assert.notEqual(value, null, path)
    if (typeof value === 'object') for (const [name, inner] of Object.entries(value)) plainly(inner, `${path}.${name}`)
    else assert.ok(typeof value === 'string' || Number.isSafeInteger(value), `${path} is ${value}`)
  }
  for (const locale of ['und', 'de']) for (const [name, section] of Object.entries(sections)) plainly(section(locale) ?? {}, name)
})

test('numbers of a locale have what the host looks for', () => {
  const { system, systems, minimumGrouping } = sections.numbers('ar-EG')
  assert.equal(system, 'arab')
  assert.equal(minimumGrouping, 1)
  assert.equal(systems.arab.symbols.decimal, '\u066b')
  assert.equal(systems.latn.currency.standard.includes('\u00a4'), true)
  assert.equal(sections.numbers('de').systems.latn.short.plain['1000000'].other, "0\u00a0Mio'.'")
})

test('Morocco is in the group of Western Europe again when its clocks show Greenwich\'s time', () => {
  const { times } = sections['zone-names']('und')
  for (const zone of ['Africa/Casablanca', 'Africa/El_Aaiun']) assert.deepEqual(times[zone].slice(-2), [['Europe_Western', times[zone].at(-2)[1], '2018-10-28 02:00'], ['Europe_Western', '2026-09-20 01:00', '']])
})

test('zones that are named after a clock are none of a city', () => {
  const { same } = sections['zone-names']('und')
  assert.deepEqual(same.usnyc.names, ['America/New_York', 'US/Eastern'])
  assert.ok(same.papty.names.includes('EST'))
})
