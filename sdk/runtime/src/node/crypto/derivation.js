/** PBKDF2, scrypt and HKDF, which the host computes (`wit/key-derivation.wit`). */
import { codedError, invalidArgType, nativeError, outOfRange, requireFunction } from '../../errors.js'
import { callNow, compute } from '../../host.js'
import { requireInteger } from '../../validators.js'
import bufferModule, { Buffer } from '../buffer.js'
import { digestOf } from './hashes.js'
import { asBuffer, keyBytes, toBytes } from './keys.js'

const MOST_INT = 2 ** 31 - 1
const MOST_UINT = 2 ** 32 - 1
const MOST_INFO = 1024

/** What Node's scrypt does when it is not told otherwise. */
const SCRYPT = { N: 16384, r: 8, p: 1, maxmem: 32 << 20 }

/** What a call of the host that failed is as an error of Node's; `what` says what was called. */
export function derivationFault(error, what) {
  const payload = error?.payload
  if (payload === undefined) return error
  const { tag, val } = payload
  if (tag === 'memory' && what === 'scrypt') return invalidScrypt(`: memory limit exceeded (${shortage(what, tag, val)})`)
  if (tag === 'time' || tag === 'memory') return failed(shortage(what, tag, val))
  return failed(`${what}: ${tag === 'unknown-digest' ? 'the host has no such digest' : val}`)
}

/** What a call would take of `time` or `memory`, and what there is, in words. */
export function shortage(what, tag, { needs, left }) {
  return tag === 'time'
    ? `${what} would take about ${needs} ms of processor time with these parameters, and this event has ${left} ms left: let it cost less`
    : `${what} needs ${Number(needs >> 20n)} MiB of memory with these parameters, and the bot has ${Number(left >> 20n)} MiB left`
}

const failed = (message) => nativeError(Error, 'ERR_CRYPTO_OPERATION_FAILED', message)
const invalidScrypt = (more) => nativeError(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', `Invalid scrypt params${more}`)

/** Computes while the bot waits. */
export function deriveNow(what, args) {
  try {
    return callNow(`key-derivation.${what}-now`, args)
  } catch (error) {
    throw derivationFault(error, what)
  }
}

/** Computes beside whatever else the bot does. */
export function derive(what, args) {
  return compute(`key-derivation.${what}`, args).catch((error) => { throw derivationFault(error, what) })
}

/** Hands on what comes of a promise. What the callback throws is no rejection of it. */
export function toCallback(promise, callback) {
  promise.then((value) => process.nextTick(callback, null, value), (error) => process.nextTick(callback, error))
}

function pbkdf2Arguments(password, salt, iterations, keylen, digest) {
  const { hostName } = digestOf(digest)
  const bytes = [toBytes(password, 'password'), toBytes(salt, 'salt')]
  requireInteger(iterations, 'iterations', 1, MOST_INT)
  requireInteger(keylen, 'keylen', 0, MOST_INT)
  if (keylen === 0) throw new Error('Deriving bits failed')
  return [hostName, ...bytes, iterations, keylen]
}

export function pbkdf2Sync(password, salt, iterations, keylen, digest) {
  return asBuffer(deriveNow('pbkdf2', pbkdf2Arguments(password, salt, iterations, keylen, digest)))
}

export function pbkdf2(password, salt, iterations, keylen, digest, callback) {
  if (typeof digest === 'function') [digest, callback] = [undefined, digest]
  const args = pbkdf2Arguments(password, salt, iterations, keylen, digest)
  requireFunction(callback, 'callback')
  toCallback(derive('pbkdf2', args).then(asBuffer), callback)
}

/** One of two names of an option, or Node's own value. */
function scryptOption(options, name, other) {
  const given = options[name] !== undefined
  if (given && other !== undefined && options[other] !== undefined) {
    throw codedError(Error, 'ERR_CRYPTO_SCRYPT_INVALID_PARAMETER', 'Invalid scrypt parameter')
  }
  const used = given ? name : other
  if (used === undefined || options[used] === undefined) return SCRYPT[name]
  requireInteger(options[used], used, 0, name === 'maxmem' ? Number.MAX_SAFE_INTEGER : MOST_UINT)
  return options[used] || SCRYPT[name]
}

function scryptArguments(password, salt, keylen, options) {
  const bytes = [toBytes(password, 'password'), toBytes(salt, 'salt')]
  requireInteger(keylen, 'keylen', 0, MOST_INT)
  const N = scryptOption(options, 'N', 'cost')
  const r = scryptOption(options, 'r', 'blockSize')
  const p = scryptOption(options, 'p', 'parallelization')
  const maxmem = scryptOption(options, 'maxmem')
  if (N < 2 || (N & (N - 1)) !== 0) throw invalidScrypt('')
  if (r * p >= 2 ** 30 || N >= 2 ** (16 * r) || 128 * r * (N + p + 2) > maxmem) {
    throw invalidScrypt(': error:030000AC:digital envelope routines::memory limit exceeded')
  }
  return [...bytes, { n: N, r, p }, keylen]
}

export function scryptSync(password, salt, keylen, options) {
  const args = scryptArguments(password, salt, keylen, options ?? {})
  return keylen === 0 ? Buffer.alloc(0) : asBuffer(deriveNow('scrypt', args))
}

export function scrypt(password, salt, keylen, options, callback) {
  if (callback === undefined) [options, callback] = [undefined, options]
  const args = scryptArguments(password, salt, keylen, options ?? {})
  requireFunction(callback, 'callback')
  toCallback(keylen === 0 ? Promise.resolve(Buffer.alloc(0)) : derive('scrypt', args).then(asBuffer), callback)
}

function hkdfArguments(digest, key, salt, info, length) {
  if (typeof digest !== 'string') throw invalidArgType('digest', 'string', digest)
  const bytes = [
    keyBytes(key, 'ikm', undefined, 'of type string or an instance of SecretKeyObject, ArrayBuffer, TypedArray, DataView, or Buffer'),
    toBytes(salt, 'salt', undefined, 'of type string or an instance of ArrayBuffer, TypedArray, DataView, or Buffer'),
    toBytes(info, 'info', undefined, 'of type string or an instance of ArrayBuffer, TypedArray, DataView, or Buffer'),
  ]
  requireInteger(length, 'length', 0, bufferModule.kMaxLength)
  if (bytes[2].length > MOST_INFO) throw outOfRange('info', `must not contain more than ${MOST_INFO} bytes`, bytes[2].length)
  const { hostName, size } = digestOf(digest)
  if (length > 255 * size) throw nativeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length')
  if (length === 0) throw new Error('Deriving bits failed')
  return [hostName, ...bytes, length]
}

/** Never long: it has no form that would be computed elsewhere. */
function hkdfOf(args) {
  let derived
  try {
    derived = callNow('key-derivation.hkdf', args)
  } catch (error) {
    throw derivationFault(error, 'hkdf')
  }
  return derived.buffer.slice(derived.byteOffset, derived.byteOffset + derived.byteLength)
}

export function hkdfSync(digest, key, salt, info, length) {
  return hkdfOf(hkdfArguments(digest, key, salt, info, length))
}

export function hkdf(digest, key, salt, info, length, callback) {
  const args = hkdfArguments(digest, key, salt, info, length)
  requireFunction(callback, 'callback')
  toCallback(new Promise((resolve) => resolve(hkdfOf(args))), callback)
}
