/** ASN.1 in DER, as far as certificates need it. Whoever reads is told of what is malformed by an exception. */
import { asBuffer } from './keys.js'

const malformed = () => new Error('malformed ASN.1')

/** A value: its tag, its content, and where it lies. */
export class Node {
  #children

  constructor(bytes, tag, start, from, to) {
    Object.assign(this, { bytes, tag, start, from, to })
  }

  get content() { return this.bytes.subarray(this.from, this.to) }
  /** With the tag and the length. */
  get whole() { return this.bytes.subarray(this.start, this.to) }

  get children() {
    if (this.#children) return this.#children
    const found = []
    for (let at = this.from; at < this.to; at = found.at(-1).to) found.push(readAt(this.bytes, at, this.to))
    return (this.#children = found)
  }

  /** A part that must be there. */
  child(index) {
    const found = this.children[index]
    if (found === undefined) throw malformed()
    return found
  }
}

function readAt(bytes, start, end) {
  if (start + 2 > end) throw malformed()
  const tag = bytes[start]
  let at = start + 2
  let length = bytes[start + 1]
  if ((tag & 0x1f) === 0x1f) throw malformed()
  if (length & 0x80) {
    const count = length & 0x7f
    if (count === 0 || count > 4 || at + count > end) throw malformed()
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + bytes[at++]
  }
  if (at + length > end) throw malformed()
  return new Node(bytes, tag, start, at, at + length)
}

/** The value that bytes begin with. */
export const parse = (bytes) => readAt(bytes, 0, bytes.length)

export const TAGS = { boolean: 1, integer: 2, bits: 3, octets: 4, oid: 6, utf8: 12, sequence: 0x30, set: 0x31, bmp: 30, universal: 28, utcTime: 23, generalizedTime: 24 }

export function oidOf({ content }) {
  const numbers = []
  let value = 0
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    if (numbers.length === 0) {
      const first = Math.min(2, Math.floor(value / 40))
      numbers.push(first, value - first * 40)
    } else {
      numbers.push(value)
    }
    value = 0
  }
  return numbers.join('.')
}

/** A string of any of ASN.1's kinds; undefined for what is none. */
export function stringOf({ tag, content }) {
  switch (tag) {
    case TAGS.utf8: return asBuffer(content).toString('utf8')
    case 18: case 19: case 20: case 22: case 26: case 27: return asBuffer(content).toString('latin1')
    case TAGS.bmp: return Array.from({ length: content.length >> 1 }, (_, i) => String.fromCharCode(content[2 * i] * 256 + content[2 * i + 1])).join('')
    case TAGS.universal: return Array.from({ length: content.length >> 2 }, (_, i) => String.fromCodePoint(asBuffer(content).readUInt32BE(4 * i) % 0x110000)).join('')
    default: return undefined
  }
}

/** The moment that a time stands for, in milliseconds. */
export function timeOf({ tag, content }) {
  const text = asBuffer(content).toString('latin1')
  const found = /^(\d{2,4}?)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/.exec(tag === TAGS.utcTime ? text : text.replace(/\.\d+/, ''))
  if (found === null) throw malformed()
  const [year, month, day, hour, minute, second = 0] = found.slice(1).map(Number)
  const full = tag === TAGS.utcTime ? year + (year < 50 ? 2000 : 1900) : year
  return Date.UTC(full, month - 1, day, hour, minute, second)
}
