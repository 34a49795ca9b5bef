/** WebIDL's conversions, as far as `crypto.subtle` needs them, with Node's texts. */
import { codedError } from '../../errors.js'
import { CURVES } from '../../node/crypto/curve_names.js'
import { isArrayBuffer, isSharedArrayBuffer } from '../../node/util_types.js'
import { DOMException } from '../dom_exception.js'
import { CryptoKey } from './crypto_key.js'

/** How long bytes may be, at most. */
const MOST_BYTES = 2 ** 31 - 1

/** The error for a value that cannot be converted. */
function misfit(message, { prefix, context, code = 'ERR_INVALID_ARG_TYPE' } = {}) {
  const subject = context === '' ? '' : `${context ?? 'Value'} `
  return codedError(TypeError, code, `${prefix ? `${prefix}: ` : ''}${subject}${message}`)
}

export function requireArguments(given, required, prefix) {
  if (given < required) throw misfit(`${required} argument${required === 1 ? '' : 's'} required, but only ${given} present.`, { prefix, context: '', code: 'ERR_MISSING_ARGS' })
}

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function'

export const toBoolean = (value) => !!value

export function toText(value, where) {
  if (typeof value === 'symbol') throw misfit('is a Symbol and cannot be converted to a string.', where)
  return String(value)
}

function toNumber(value, where) {
  if (typeof value === 'bigint') throw misfit('is a BigInt and cannot be converted to a number.', where)
  if (typeof value === 'symbol') throw misfit('is a Symbol and cannot be converted to a number.', where)
  return Number(value)
}

/** An integer of so many bits, for which others are taken modulo. */
function wrappedInteger(value, where) {
  const number = toNumber(value, where)
  if (!Number.isFinite(number)) return 0
  const whole = Math.trunc(number)
  return (whole >= 0 && whole < 2 ** 32 ? whole : whole % 2 ** 32) || 0
}
export { wrappedInteger as toUnsignedLong }

/** An integer of so many bits, and nothing else. */
const exactInteger = (bits) => (value, where) => {
  const number = toNumber(value, where)
  if (!Number.isFinite(number)) throw misfit('is not a finite number.', where)
  const whole = Math.trunc(number)
  if (whole < 0 || whole > 2 ** bits - 1) throw misfit(`is outside the expected range of 0 to ${2 ** bits - 1}.`, { ...where, code: 'ERR_OUT_OF_RANGE' })
  return whole || 0
}

function toUint8Array(value, where) {
  if (!ArrayBuffer.isView(value) || value[Symbol.toStringTag] !== 'Uint8Array') throw misfit('is not an Uint8Array object.', where)
  if (isSharedArrayBuffer(value.buffer)) throw misfit('is a view on a SharedArrayBuffer, which is not allowed.', where)
  return value
}

/** @returns {Uint8Array} a copy: whoever gave the bytes may write over them */
export function toByteSource(value, where) {
  if (ArrayBuffer.isView(value)) {
    if (isSharedArrayBuffer(value.buffer)) throw misfit('is a view on a SharedArrayBuffer, which is not allowed.', where)
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  }
  if (!isArrayBuffer(value)) throw misfit('is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.', where)
  return new Uint8Array(value).slice()
}

export function toIdentifier(value, where) {
  return isObject(value) ? value : toText(value, where)
}

export function toCryptoKey(value, where) {
  if (!(value instanceof CryptoKey)) throw misfit('is not of type CryptoKey.', where)
  return value
}

const oneOf = (name, values) => (value, where) => {
  const text = String(value)
  if (!values.includes(text)) throw misfit(`value '${text}' is not a valid enum value of type ${name}.`, { ...where, code: 'ERR_INVALID_ARG_VALUE' })
  return text
}
export const toKeyFormat = oneOf('KeyFormat', ['raw', 'pkcs8', 'spki', 'jwk'])
const toKeyUsage = oneOf('KeyUsage', ['encrypt', 'decrypt', 'sign', 'verify', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'])

const sequenceOf = (converter) => (value, where) => {
  if (!isObject(value) || typeof value[Symbol.iterator] !== 'function') throw misfit('can not be converted to sequence.', where)
  const items = []
  for (const item of value) items.push(converter(item, { ...where, context: `${where?.context}, index ${items.length}` }))
  return items
}
export const toKeyUsages = sequenceOf(toKeyUsage)

/**
 * What makes a dictionary of an object.
 *
 * @param {Record<string, {convert: Function, check?: Function, required?: boolean}>} members
 */
function dictionary(name, members) {
  const sorted = Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))
  const hasRequired = sorted.some(([, { required }]) => required)
  return (value, where) => {
    if (value !== undefined && !isObject(value) && value !== null) throw misfit('can not be converted to a dictionary', where)
    const made = {}
    if (value == null && !hasRequired) return made
    for (const [key, { convert, check, required }] of sorted) {
      const given = value?.[key]
      if (given !== undefined) {
        const converted = convert(given, { ...where, context: `'${key}' of '${name}'${where?.context ? ` (${where.context})` : ''}` })
        check?.(converted, value)
        Object.defineProperty(made, key, { value: converted, writable: true, enumerable: true, configurable: true })
      } else if (required) {
        throw misfit(`can not be converted to '${name}' because '${key}' is required in '${name}'.`, { ...where, code: 'ERR_MISSING_OPTION' })
      }
    }
    return made
  }
}

const optional = (convert, check) => ({ convert, check })
const required = (convert, check) => ({ convert, check, required: true })
const fails = (message, name) => { throw new DOMException(message, name) }

const name = required(toText)
const hash = required(toIdentifier)

export function requireShort({ byteLength }, what) {
  if (byteLength > MOST_BYTES) fails(`${what} must be less than ${MOST_BYTES + 1} bits`, 'OperationError')
}
const short = (what) => (bytes) => requireShort(bytes, what)
const exactly = (what, length) => ({ byteLength }) => {
  if (byteLength !== length) fails(`${what} must contain exactly ${length} bytes`, 'OperationError')
}
const aesLength = required(exactInteger(16), (length) => {
  if (length !== 128 && length !== 192 && length !== 256) fails('AES key length must be 128, 192, or 256 bits', 'OperationError')
})
const macLength = optional(exactInteger(32), (length) => {
  if (length === 0) fails('Zero-length key is not supported', 'DataError')
  if (length % 8) fails('Unsupported algorithm.length', 'NotSupportedError')
})
const namedCurve = required(toText, (curve) => {
  if (!Object.hasOwn(CURVES, curve)) fails('Unrecognized namedCurve', 'NotSupportedError')
})

/** By their names in the specification. */
const PARAMETERS = {
  RsaHashedKeyGenParams: { name, modulusLength: required(exactInteger(32)), publicExponent: required(toUint8Array), hash },
  RsaHashedImportParams: { name, hash },
  EcKeyImportParams: { name, namedCurve },
  EcKeyGenParams: { name, namedCurve },
  AesKeyGenParams: { name, length: aesLength },
  AesDerivedKeyParams: { name, length: aesLength },
  HmacKeyGenParams: { name, hash, length: macLength },
  HmacImportParams: { name, hash, length: macLength },
  RsaPssParams: { name, saltLength: required(exactInteger(32)) },
  RsaOaepParams: { name, label: optional(toByteSource) },
  EcdsaParams: { name, hash },
  Ed448Params: { name, context: optional(toByteSource, ({ byteLength }) => { if (byteLength) fails('Non zero-length context is not supported.', 'NotSupportedError') }) },
  HkdfParams: { name, hash, salt: required(toByteSource), info: required(toByteSource) },
  Pbkdf2Params: {
    name, hash, salt: required(toByteSource),
    iterations: required(exactInteger(32), (count) => { if (count === 0) fails('iterations cannot be zero', 'OperationError') }),
  },
  AesCbcParams: { name, iv: required(toByteSource, exactly('algorithm.iv', 16)) },
  AesGcmParams: {
    name, iv: required(toByteSource, short('algorithm.iv')), additionalData: optional(toByteSource, short('algorithm.additionalData')),
    tagLength: optional(exactInteger(8), (length) => {
      if (![32, 64, 96, 104, 112, 120, 128].includes(length)) fails(`${length} is not a valid AES-GCM tag length`, 'OperationError')
    }),
  },
  AesCtrParams: {
    name, counter: required(toByteSource, exactly('algorithm.counter', 16)),
    length: required(exactInteger(8), (length) => { if (length === 0 || length > 128) fails('AES-CTR algorithm.length must be between 1 and 128', 'OperationError') }),
  },
  EcdhKeyDeriveParams: {
    name,
    public: required(toCryptoKey, (key, { name: given }) => {
      if (key.type !== 'public') fails('algorithm.public must be a public key', 'InvalidAccessError')
      if (key.algorithm.name.toUpperCase() !== given.toUpperCase()) fails(`algorithm.public must be an ${given.toUpperCase()} key`, 'InvalidAccessError')
    }),
  },
}

/** What makes each kind of parameters of an object. */
export const parametersOf = Object.fromEntries(Object.entries(PARAMETERS).map(([kind, members]) => [kind, dictionary(kind, members)]))
export const toAlgorithm = dictionary('Algorithm', { name })

const texts = (...names) => Object.fromEntries(names.map((one) => [one, optional(toText)]))
export const toJsonWebKey = dictionary('JsonWebKey', {
  ...texts('kty', 'use', 'alg', 'crv', 'x', 'y', 'd', 'n', 'e', 'p', 'q', 'dp', 'dq', 'qi', 'k'),
  key_ops: optional(sequenceOf(toText)),
  ext: optional(toBoolean),
  oth: optional(sequenceOf(dictionary('RsaOtherPrimesInfo', texts('r', 'd', 't')))),
})
