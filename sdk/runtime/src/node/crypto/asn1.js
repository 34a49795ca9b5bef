/** ASN.1 in DER, as far as SPKAC and keys for Diffie-Hellman need it. Whoever reads is told of what is malformed by an exception. */
const malformed = () => new Error('malformed ASN.1')

/** A value: its tag, and where it lies. */
class Value {
  #children

  constructor(bytes, tag, start, from, to) {
    Object.assign(this, { bytes, tag, start, from, to })
  }

  get content() { return this.bytes.subarray(this.from, this.to) }
  /** With the tag and the length. */
  get whole() { return this.bytes.subarray(this.start, this.to) }

  /** A part that must be there. */
  child(index) {
    if (this.#children === undefined) {
      const found = []
      for (let at = this.from; at < this.to; at = found.at(-1).to) found.push(readAt(this.bytes, at, this.to))
      this.#children = found
    }
    const found = this.#children[index]
    if (found === undefined) throw malformed()
    return found
  }
}

function readAt(bytes, start, end) {
  if (start + 2 > end || (bytes[start] & 0x1f) === 0x1f) throw malformed()
  let at = start + 2
  let length = bytes[start + 1]
  if (length & 0x80) {
    const count = length & 0x7f
    if (count === 0 || count > 4 || at + count > end) throw malformed()
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + bytes[at++]
  }
  if (at + length > end) throw malformed()
  return new Value(bytes, bytes[start], start, at, at + length)
}

/** The value that bytes begin with. */
export const parse = (bytes) => readAt(bytes, 0, bytes.length)

/** An object identifier in dots. */
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

/** A value: its tag, its length, and its parts one after the other. */
export function written(tag, ...parts) {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Uint8Array.from([tag, ...length, ...parts.flatMap((part) => [...part])])
}

/** A number that is not negative. */
export function writtenNumber(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first === -1 ? [0] : bytes.subarray(first)
  return digits[0] & 0x80 ? written(0x02, [0], digits) : written(0x02, digits)
}
