/**
 * Writes `locales.bin`: what the host knows of locales, from CLDR.
 *
 * The file begins with a line, the length of the index and its plain length (32 bits each, the lowest
 * byte first) and the index; all numbers of the index count from behind it. The index and each entry are
 * JSON, deflated.
 *
 * An entry is a section of a locale (`numbers` of `de`), of which only the difference from its parent
 * is kept: objects are merged, `null` takes a member away, and anything else is in the place of what
 * was there. A section that is as its parent's has no entry.
 *
 *     { version, parents: { 'de-AT': 'de' }, aliases: { 'zh-TW': 'zh-Hant' },
 *       sections: { numbers: { de: [start, length, plain length] } } }
 */
import { writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { difference } from './difference.js'
import { aliases, parents, ROOT } from './inheritance.js'
import { sections } from './sections.js'
import { locales, read } from './source.js'

const FIRST_LINE = 'roost locales 3\n'

/** Writes the file, and gives its size. */
export function pack(output) {
  const all = locales()
  const parent = parents(all)
  const bodies = []
  let size = 0
  const index = { version: read('cldr-core', 'package.json').version, parents: parent, aliases: aliases(all), sections: {} }
  for (const [name, section] of Object.entries(sections)) {
    const kept = new Map()
    const whole = (locale) => {
      if (!kept.has(locale)) kept.set(locale, section(locale) ?? (locale === ROOT ? {} : whole(parent[locale])))
      return kept.get(locale)
    }
    const entries = (index.sections[name] = {})
    for (const locale of all) {
      const own = locale === ROOT ? whole(locale) : difference(whole(locale), whole(parent[locale]))
      if (own === undefined) continue
      const plain = Buffer.from(JSON.stringify(own))
      const packed = deflateRawSync(plain, { level: 9 })
      entries[locale] = [size, packed.length, plain.length]
      bodies.push(packed)
      size += packed.length
    }
  }
  const plain = Buffer.from(JSON.stringify(index))
  const packed = deflateRawSync(plain, { level: 9 })
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32LE(packed.length)
  lengths.writeUInt32LE(plain.length, 4)
  const file = Buffer.concat([Buffer.from(FIRST_LINE), lengths, packed, ...bodies])
  writeFileSync(output, file)
  return file.length
}
