/** Random bytes and numbers: always the host's, never from an image. */
import { invalidArgType, outOfRange, requireFunction } from '../../errors.js'
import { fillRandom, rememberPool } from '../../random.js'
import { requireBoolean, requireObject } from '../../validators.js'
import { Buffer } from '../buffer.js'
import { isAnyArrayBuffer } from '../util_types.js'
import { asBuffer } from './keys.js'

const MOST = 2 ** 31 - 1

/** So many elements in bytes, of which there may be `most`. */
function inBytes(name, count, unit, most) {
  if (typeof count !== 'number') throw invalidArgType(name, 'number', count)
  const bytes = count * unit
  if (!(bytes >= 0 && bytes <= most)) throw outOfRange(name, `>= 0 && <= ${most}`, bytes)
  return Math.floor(bytes)
}

export function randomBytes(size, callback) {
  const length = inBytes('size', size, 1, MOST)
  if (callback !== undefined) requireFunction(callback, 'callback')
  const bytes = Buffer.alloc(length)
  fillRandom(bytes)
  if (callback === undefined) return bytes
  process.nextTick(callback, null, bytes)
}

/** The bytes of a target, from an offset on. */
function partOf(target, offset, size) {
  const isBuffer = isAnyArrayBuffer(target)
  const bytes = isBuffer ? new Uint8Array(target) : new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  const unit = target.BYTES_PER_ELEMENT ?? 1
  const from = inBytes('offset', offset, unit, Math.min(bytes.length, MOST))
  const count = size === undefined ? bytes.length - from : inBytes('size', size, unit, MOST)
  if (from + count > bytes.length) throw outOfRange('size + offset', `<= ${bytes.length}`, from + count)
  return bytes.subarray(from, from + count)
}

function requireTarget(target) {
  if (!isAnyArrayBuffer(target) && !ArrayBuffer.isView(target)) throw invalidArgType('buf', 'an instance of ArrayBuffer or ArrayBufferView', target)
}

function fill(part) {
  fillRandom(part)
  rememberPool(part)
}

export function randomFillSync(target, offset = 0, size) {
  requireTarget(target)
  fill(partOf(target, offset, size))
  return target
}

export function randomFill(target, offset, size, callback) {
  requireTarget(target)
  if (typeof offset === 'function') [offset, size, callback] = [0, undefined, offset]
  else if (typeof size === 'function') [size, callback] = [undefined, size]
  else requireFunction(callback, 'callback')
  const part = partOf(target, offset, size)
  fill(part)
  if (part.length === 0) callback(null, target)
  else process.nextTick(callback, null, target)
}

/** Six bytes are drawn for a number. */
const MOST_RANGE = 2 ** 48 - 1

export function randomInt(min, max, callback) {
  const hasNoMin = max === undefined || typeof max === 'function'
  if (hasNoMin) [min, max, callback] = [0, min, max]
  if (callback !== undefined) requireFunction(callback, 'callback')
  if (!Number.isSafeInteger(min)) throw invalidArgType('min', 'a safe integer', min)
  if (!Number.isSafeInteger(max)) throw invalidArgType('max', 'a safe integer', max)
  if (max <= min) throw outOfRange('max', `greater than the value of "min" (${min})`, max)
  const range = max - min
  if (range > MOST_RANGE) throw outOfRange(hasNoMin ? 'max' : 'max - min', `<= ${MOST_RANGE}`, range)
  const limit = MOST_RANGE - (MOST_RANGE % range)
  const bytes = new Uint8Array(6)
  let drawn
  do {
    fillRandom(bytes)
    drawn = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  } while (drawn >= limit)
  const result = min + (drawn % range)
  if (callback === undefined) return result
  process.nextTick(callback, undefined, result)
}

export function randomUUID(options) {
  if (options !== undefined) {
    requireObject(options, 'options')
    if (options.disableEntropyCache !== undefined) requireBoolean(options.disableEntropyCache, 'options.disableEntropyCache')
  }
  const bytes = new Uint8Array(16)
  fillRandom(bytes)
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = asBuffer(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
