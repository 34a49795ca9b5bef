/** `node:buffer`: the npm package, with its slow paths replaced and what Node has besides added. */
import * as npm from 'buffer/index.js'
import { engine } from '../engine.js'
import { codedError, invalidArgType, outOfRange } from '../errors.js'
import { custom } from './inspect.js'

export const Buffer = npm.Buffer

const MAX_LENGTH = 2 ** 31 - 1
const constants = { MAX_LENGTH, MAX_STRING_LENGTH: 2 ** 29 - 24 }
const prototype = Buffer.prototype
const slowFrom = Buffer.from

// Only polyfills have it, and packages go by that.
delete Buffer.TYPED_ARRAY_SUPPORT

/** Node's names of encodings, in lower case. */
const ENCODINGS = {
  __proto__: null,
  utf8: 'utf8', 'utf-8': 'utf8', hex: 'hex', base64: 'base64', base64url: 'base64url', latin1: 'latin1',
  binary: 'latin1', ascii: 'ascii', ucs2: 'utf16le', 'ucs-2': 'utf16le', utf16le: 'utf16le', 'utf-16le': 'utf16le',
}

function encodingOf(name) {
  if (name === undefined || name === null || name === '') return 'utf8'
  return ENCODINGS[name] ?? ENCODINGS[String(name).toLowerCase()]
}

function knownEncoding(name) {
  const encoding = encodingOf(name)
  if (!encoding) throw codedError(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${name}`)
  return encoding
}

function encode(text, encoding) {
  switch (encoding) {
    case 'utf8': return engine.utf8Encode(text)
    case 'latin1':
    case 'ascii': return engine.latin1Encode(text)
    case 'hex': return engine.hexDecode(text)
    case 'utf16le': return utf16Encode(text)
    default: return engine.base64Decode(text)
  }
}

function decode(bytes, encoding) {
  switch (encoding) {
    case 'utf8': return engine.utf8Decode(bytes, false)
    case 'latin1': return engine.latin1Decode(bytes)
    case 'ascii': return engine.latin1Decode(bytes.map((byte) => byte & 0x7f))
    case 'hex': return engine.hexEncode(bytes)
    case 'utf16le': return utf16Decode(bytes)
    default: return engine.base64Encode(bytes, encoding === 'base64url')
  }
}

function utf16Encode(text) {
  const bytes = new Uint8Array(text.length * 2)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes[i * 2] = unit & 0xff
    bytes[i * 2 + 1] = unit >> 8
  }
  return bytes
}

function utf16Decode(bytes) {
  const parts = []
  for (let start = 0; start < bytes.length - 1; start += 8192) {
    const units = []
    for (let i = start; i < Math.min(start + 8192, bytes.length - 1); i += 2) units.push(bytes[i] | (bytes[i + 1] << 8))
    parts.push(String.fromCharCode(...units))
  }
  return parts.join('')
}

/** The bytes of a text; in UTF-8, where no encoding is named that there is. */
export const textBytes = (text, encoding) => (encoding === undefined ? engine.utf8Encode(text) : encode(text, (typeof encoding === 'string' && encodingOf(encoding)) || 'utf8'))

/** Bytes as text; undefined where no encoding is named that there is. */
export function textOf(bytes, encoding) {
  const known = typeof encoding === 'string' && encoding !== '' ? encodingOf(encoding) : undefined
  return known && decode(bytes, known)
}

/** Makes a buffer of an array that nobody else has. */
export const asBuffer = (bytes) => Object.setPrototypeOf(bytes, prototype)

Buffer.from = function from(value, encodingOrOffset, length) {
  // What is no string names no encoding: `texts.map(Buffer.from)` gives an index.
  if (typeof value === 'string') return asBuffer(typeof encodingOrOffset === 'string' ? encode(value, knownEncoding(encodingOrOffset)) : engine.utf8Encode(value))
  if (typeof value !== 'object' || value === null) throw badSource(value)
  if (ArrayBuffer.isView(value) && value.BYTES_PER_ELEMENT === 1) return asBuffer(new Uint8Array(value))
  try {
    return slowFrom(value, encodingOrOffset, length)
  } catch (error) {
    throw error instanceof TypeError && error.code === undefined && error.message.startsWith('The first argument') ? badSource(value) : error
  }
}

const badSource = (value) => {
  const { message } = invalidArgType('x', 'string', value)
  return codedError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an ' +
    `Array-like Object.${message.slice(message.indexOf(' Received'))}`)
}

const integer = (value, name, min, max, and = '&&') => {
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value)
  if (Math.floor(value) !== value) throw outOfRange(name, 'an integer', value)
  if (!(value >= min && value <= max)) throw outOfRange(name, `>= ${min} ${and} <= ${max}`, value)
}

for (const name of ['alloc', 'allocUnsafe', 'allocUnsafeSlow']) {
  const make = Buffer[name]
  Buffer[name] = function (size, fill, encoding) {
    if (typeof size !== 'number') throw invalidArgType('size', 'number', size)
    if (!(size >= 0 && size <= Number.MAX_SAFE_INTEGER)) throw outOfRange('size', '>= 0 && <= 9007199254740991', size)
    return make(size, fill, encoding)
  }
  Object.defineProperty(Buffer[name], 'name', { value: name })
}
for (const [name, bits] of [['swap16', 16], ['swap32', 32], ['swap64', 64]]) {
  const swap = prototype[name]
  prototype[name] = function () {
    if (this.length % (bits / 8) !== 0) throw codedError(RangeError, 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${bits}-bits`)
    return swap.call(this)
  }
}

function checkPlace(buffer, offset, size) {
  if (typeof offset !== 'number') throw invalidArgType('offset', 'number', offset)
  const last = buffer.length - size
  if (offset >= 0 && offset <= last && Math.floor(offset) === offset) return
  if (Math.floor(offset) !== offset) throw outOfRange('offset', 'an integer', offset)
  if (last < 0) throw codedError(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds')
  throw outOfRange('offset', `>= 0 and <= ${last}`, offset)
}

function checkValue(value, size, isSigned) {
  const isBig = typeof value === 'bigint'
  const [two, one] = isBig ? [2n, 1n] : [2, 1]
  const bits = isBig ? BigInt(size * 8) : size * 8
  const max = two ** (isSigned ? bits - one : bits) - one
  const min = isSigned ? -max - one : max - max
  if (!(value > max || value < min)) return
  const n = isBig ? 'n' : ''
  throw outOfRange('value', size < 5 ? `>= ${min} and <= ${max}` : isSigned ? `>= -(2${n} ** ${bits - one}${n}) and < 2${n} ** ${bits - one}${n}`
    : `>= 0${n} and < 2${n} ** ${bits}${n}`, value)
}

/** Readers and writers as Node checks what they are given. */
for (const [kind, size] of [['Int8', 1], ['Int16', 2], ['Int32', 4], ['Float', 4], ['Double', 8], ['BigInt64', 8], ['Int', 0]]) {
  for (const end of size === 1 ? [''] : ['LE', 'BE']) {
    for (const type of [kind, ...(/Int/.test(kind) ? [kind.replace('Int', 'UInt')] : [])]) {
      const name = type + end
      const [read, write] = [prototype[`read${name}`], prototype[`write${name}`]]
      const isNumber = /^(Float|Double)/.test(type)
      const sizeOf = (bytes) => size || (integer(bytes, 'byteLength', 1, 6, 'and'), bytes)
      const own = {
        [`read${name}`](offset = 0, bytes) {
          checkPlace(this, offset, sizeOf(bytes))
          return read.call(this, offset, bytes)
        },
        [`write${name}`](value, offset = 0, bytes) {
          const width = sizeOf(bytes)
          if (!type.startsWith('Big')) value = +value
          if (!isNumber) checkValue(value, width, !type.includes('U'))
          checkPlace(this, offset, width)
          return size ? write.call(this, value, offset) : write.call(this, value, offset, bytes)
        },
      }
      for (const [key, value] of Object.entries(own)) {
        prototype[key] = value
        if (type.includes('UInt')) prototype[key.replace('UInt', 'Uint')] = value
      }
    }
  }
}

const { fill, copy, lastIndexOf } = prototype
prototype.fill = function (value, offset, end, encoding) {
  if (typeof offset === 'number') integer(offset, 'offset', 0, Number.MAX_SAFE_INTEGER)
  if (typeof offset === 'number' && typeof end === 'number') integer(end, 'end', 0, this.length)
  // Node goes to the end then, whatever it is told.
  if (offset === undefined && typeof end === 'number') end = undefined
  return filled(this, value, offset, end, encoding)
}

/** The library writes byte by byte: it does so at the begin only. */
function filled(target, value, offset, end, encoding) {
  const [from, to, coding] = typeof offset === 'string' ? [0, target.length, offset]
    : typeof end === 'string' ? [offset ?? 0, target.length, end] : [offset ?? 0, end ?? target.length, encoding]
  const unit = typeof value === 'string' ? Buffer.byteLength(value, coding) : ArrayBuffer.isView(value) ? value.byteLength : 1
  const begin = Math.ceil(256 / unit) * unit
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to <= target.length && to - from > begin)) {
    return fill.call(target, value, offset, end, encoding)
  }
  fill.call(target, value, from, from + begin, coding)
  for (let done = begin; done < to - from; done *= 2) target.copyWithin(from + done, from, from + Math.min(done, to - from - done))
  return target
}
prototype.copy = function (target, targetStart, start, end) {
  if (!ArrayBuffer.isView(target)) throw invalidArgType('target', 'an instance of Buffer or Uint8Array', target)
  if (targetStart < 0) throw outOfRange('targetStart', '>= 0', targetStart)
  if (start < 0 || start > this.length) throw outOfRange('sourceStart', `>= 0 && <= ${this.length}`, start)
  return copy.call(this, target, targetStart, start, end)
}
prototype.lastIndexOf = function (value, offset, encoding) {
  if (typeof value !== 'string' && typeof value !== 'number' && !(value instanceof Uint8Array)) {
    throw invalidArgType('value', 'one of type number or string or an instance of Buffer or Uint8Array', value)
  }
  if (value.length !== 0) return lastIndexOf.call(this, value, offset, encoding)
  const from = typeof offset === 'string' || Number.isNaN(+offset) ? this.length : Math.trunc(+offset)
  return from < 0 ? Math.max(-1, this.length + from) : Math.min(from, this.length)
}
const { compare } = Buffer
Buffer.compare = function (a, b) {
  for (const [name, value] of [['buf1', a], ['buf2', b]]) if (!(value instanceof Uint8Array)) throw invalidArgType(name, 'an instance of Buffer or Uint8Array', value)
  return compare(a, b)
}
const compareTo = prototype.compare
prototype.compare = function (target, ...places) {
  if (!(target instanceof Uint8Array)) throw invalidArgType('target', 'an instance of Buffer or Uint8Array', target)
  return compareTo.call(this, target, ...places)
}

Buffer.byteLength = function byteLength(value, encoding) {
  if (typeof value !== 'string') {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength
    throw invalidArgType('string', 'of type string or an instance of Buffer or ArrayBuffer', value)
  }
  switch (encodingOf(encoding)) {
    case 'latin1':
    case 'ascii': return value.length
    case 'utf16le': return value.length * 2
    case 'hex': return value.length >>> 1
    case 'base64':
    case 'base64url': return engine.base64Decode(value).length
    default: return utf8Length(value)
  }
}

function utf8Length(text) {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) length += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) { length += 2; i++ }
    else length += 2
  }
  return length
}

Buffer.isEncoding = (name) => typeof name === 'string' && name !== '' && encodingOf(name) !== undefined

Buffer.concat = function concat(list, length) {
  if (!Array.isArray(list)) throw invalidArgType('list', 'an instance of Array', list)
  let whole = 0
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    if (!(item instanceof Uint8Array)) throw invalidArgType(`list[${i}]`, 'an instance of Buffer or Uint8Array', item)
    whole += item.length
  }
  // Of nothing comes nothing, whatever length is asked for.
  length = list.length === 0 ? 0 : length ?? whole
  const joined = length === whole ? asBuffer(new Uint8Array(length)) : Buffer.allocUnsafe(length)
  let position = 0
  for (const item of list) {
    if (position + item.length > length) {
      joined.set(item.subarray(0, length - position), position)
      position = length
      break
    }
    joined.set(item, position)
    position += item.length
  }
  return position < length ? joined.fill(0, position) : joined
}

Buffer.copyBytesFrom = function copyBytesFrom(view, offset = 0, length) {
  const part = view.subarray(offset, length === undefined ? undefined : offset + length)
  return asBuffer(new Uint8Array(part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength)))
}

Buffer.poolSize = 8192

prototype.toString = function toString(encoding, start, end) {
  if (arguments.length === 0) return decode(this, 'utf8')
  start = start === undefined || start < 0 ? 0 : Math.trunc(start) || 0
  end = end === undefined || end > this.length ? this.length : Math.trunc(end) || 0
  if (end <= start) return ''
  return decode(start === 0 && end === this.length ? this : this.subarray(start, end), knownEncoding(encoding))
}
prototype.toLocaleString = prototype.toString

prototype.write = function write(text, offset, length, encoding) {
  if (typeof text !== 'string') throw invalidArgType('argument', 'string', text)
  if (typeof offset === 'string') [encoding, offset, length] = [offset, 0, undefined]
  else if (typeof length === 'string') [encoding, length] = [length, undefined]
  offset = offset === undefined ? 0 : offset
  integer(offset, 'offset', 0, this.length)
  if (length !== undefined) integer(length, 'length', 0, this.length)
  return writeText(this, text, offset, length, knownEncoding(encoding))
}

function writeText(target, text, offset = 0, length = target.length - offset, encoding) {
  const room = Math.min(length, target.length - offset)
  let bytes = encode(text, encoding)
  if (bytes.length > room) {
    let end = room
    // A character that does not fit is left out whole.
    if (encoding === 'utf8') while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--
    if (encoding === 'utf16le') end &= ~1
    bytes = bytes.subarray(0, end)
  }
  target.set(bytes, offset)
  return bytes.length
}

for (const [name, encoding] of Object.entries({
  utf8: 'utf8', latin1: 'latin1', ascii: 'ascii', hex: 'hex', base64: 'base64', base64url: 'base64url', ucs2: 'utf16le',
  utf16le: 'utf16le',
})) {
  const slice = function (start, end) { return decode(this.subarray(start, end), encoding) }
  const write = function (text, offset, length) { return writeText(this, text, offset, length, encoding) }
  Object.defineProperty(prototype, `${name}Slice`, { value: slice, writable: true, configurable: true })
  Object.defineProperty(prototype, `${name}Write`, { value: write, writable: true, configurable: true })
}

prototype.indexOf = function indexOf(value, offset, encoding) {
  if (typeof offset === 'string') [encoding, offset] = [offset, undefined]
  if (typeof value === 'number') return Uint8Array.prototype.indexOf.call(this, value & 0xff, Math.trunc(offset) || 0)
  const needle = typeof value === 'string' ? encode(value, knownEncoding(encoding)) : value
  if (!(needle instanceof Uint8Array)) {
    throw invalidArgType('value', 'one of type number or string or an instance of Buffer or Uint8Array', value)
  }
  let from = Math.trunc(+offset) || 0
  if (from < 0) from = Math.max(0, this.length + from)
  if (needle.length === 0) return Math.min(from, this.length)
  return from > this.length ? -1 : engine.indexOf(this, needle, from)
}

prototype.includes = function includes(value, offset, encoding) {
  return this.indexOf(value, offset, encoding) !== -1
}

prototype.equals = function equals(other) {
  if (!(other instanceof Uint8Array)) throw invalidArgType('otherBuffer', 'an instance of Buffer or Uint8Array', other)
  return this === other || Buffer.compare(this, other) === 0
}

prototype[custom] = function (depth, context) {
  const shown = Array.from(this.subarray(0, 50), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const more = this.length > 50 ? ` ... ${this.length - 50} more byte${this.length > 51 ? 's' : ''}` : ''
  return `<${this.constructor.name} ${shown}${more}>`
}
prototype.inspect = prototype[custom]

function isUtf8(input) {
  try {
    engine.utf8Decode(new Uint8Array(input.buffer ?? input, input.byteOffset, input.byteLength), true)
    return true
  } catch {
    return false
  }
}

function isAscii(input) {
  return new Uint8Array(input.buffer ?? input, input.byteOffset, input.byteLength).every((byte) => byte < 0x80)
}

function transcode(source, from, to) {
  return Buffer.from(Buffer.from(source).toString(from), to)
}

export function atob(text) {
  const clean = String(text).replace(/[\t\n\f\r ]/g, '')
  const core = clean.length % 4 === 0 ? clean.replace(/==?$/, '') : clean
  if (core.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(core)) {
    throw new DOMException('The string to be decoded is not correctly encoded.', 'InvalidCharacterError')
  }
  return engine.latin1Decode(engine.base64Decode(core))
}

export function btoa(text) {
  text = String(text)
  // eslint-disable-next-line no-control-regex
  if (/[^\x00-\xff]/.test(text)) throw new DOMException('Invalid character', 'InvalidCharacterError')
  return engine.base64Encode(engine.latin1Encode(text), false)
}

export default {
  Buffer, SlowBuffer: Buffer.allocUnsafeSlow, constants, kMaxLength: MAX_LENGTH,
  kStringMaxLength: constants.MAX_STRING_LENGTH, INSPECT_MAX_BYTES: 50, isUtf8, isAscii, transcode, atob, btoa,
  get Blob() { return globalThis.Blob },
  get File() { return globalThis.File },
  resolveObjectURL() {},
}
