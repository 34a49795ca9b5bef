/** `generatePrime` and `checkPrime`. */
import { invalidArgType, nativeError, outOfRange, requireFunction } from '../../errors.js'
import { requireBoolean, requireInt32, requireObject } from '../../validators.js'
import { Buffer } from '../buffer.js'
import { toCallback } from './derivation.js'
import { later, now } from './host_keys.js'
import { asBuffer, bytesIn } from './keys.js'

const NUMBER = 'of type bigint or an instance of ArrayBuffer, TypedArray, Buffer, or DataView'

/** The bytes of a number that comes as such or as bytes. */
function numberBytes(value, name) {
  if (typeof value === 'bigint') {
    if (value < 0n) throw outOfRange(name, '>= 0', value)
    const hex = value.toString(16)
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  }
  const bytes = typeof value === 'string' ? undefined : bytesIn(value)
  if (bytes === undefined) throw invalidArgType(name, NUMBER, value)
  return bytes
}

const toNumber = (bytes) => BigInt(`0x${asBuffer(bytes).toString('hex') || '0'}`)

/** What the host is asked for, and what is made of its answer. */
function primeArguments(bits, options) {
  requireObject(options, 'options')
  const { safe = false, bigint = false } = options
  requireBoolean(safe, 'options.safe')
  requireBoolean(bigint, 'options.bigint')
  const add = options.add === undefined ? undefined : numberBytes(options.add, 'options.add')
  const rem = options.rem === undefined ? undefined : numberBytes(options.rem, 'options.rem')
  if (add !== undefined) {
    const step = toNumber(add)
    if (step === 0n || step.toString(2).length > bits) throw nativeError(RangeError, 'ERR_OUT_OF_RANGE', 'invalid options.add')
    if (rem !== undefined && step <= toNumber(rem)) throw nativeError(RangeError, 'ERR_OUT_OF_RANGE', 'invalid options.rem')
  }
  return [{ bits, safe, add, rem: add === undefined ? undefined : rem }, bigint ? toNumber : (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)]
}

export function generatePrimeSync(size, options = {}) {
  requireInt32(size, 'size', 1)
  const [request, result] = primeArguments(size, options)
  return result(now('generate-prime-now', request))
}

export function generatePrime(size, options, callback) {
  requireInt32(size, 'size', 1)
  if (typeof options === 'function') [options, callback] = [{}, options]
  requireFunction(callback, 'callback')
  const [request, result] = primeArguments(size, options)
  later('generate-prime', request).then(result).then((prime) => process.nextTick(callback, undefined, prime), (error) => process.nextTick(callback, error))
}

function checkArguments(candidate, options) {
  requireObject(options, 'options')
  const { checks = 0 } = options
  requireInt32(checks, 'options.checks', 0)
  return [candidate, checks]
}

export function checkPrimeSync(candidate, options = {}) {
  return now('check-prime-now', ...checkArguments(numberBytes(candidate, 'candidate'), options))
}

export function checkPrime(candidate, options = {}, callback) {
  const bytes = numberBytes(candidate, 'candidate')
  if (typeof options === 'function') [options, callback] = [{}, options]
  requireFunction(callback, 'callback')
  toCallback(later('check-prime', ...checkArguments(bytes, options)), callback)
}
