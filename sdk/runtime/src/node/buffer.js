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
    case 'utf8': return engine.utf8Encode(text.isWellFormed() ? text : text.toWellFormed())
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

const asBuffer = (bytes) => Object.setPrototypeOf(bytes, prototype)

Buffer.from = function from(value, encodingOrOffset, length) {
  if (typeof value === 'string') return asBuffer(encode(value, knownEncoding(encodingOrOffset)))
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') {
    throw invalidArgType('first argument', 'one of type string, Buffer, ArrayBuffer, Array, or Array-like Object', value)
  }
  if (ArrayBuffer.isView(value) && value.BYTES_PER_ELEMENT === 1) return asBuffer(new Uint8Array(value))
  return slowFrom(value, encodingOrOffset, length)
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
  length ??= list.reduce((sum, item) => sum + item.length, 0)
  const joined = Buffer.allocUnsafe(length)
  let position = 0
  for (const [i, item] of list.entries()) {
    if (!(item instanceof Uint8Array)) throw invalidArgType(`list[${i}]`, 'an instance of Buffer or Uint8Array', item)
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
  if (offset < 0 || offset > this.length) throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset)
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
