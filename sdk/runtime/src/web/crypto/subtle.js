/** `SubtleCrypto` of the Web Cryptography API, as Node has it. */
import { Buffer } from '../../node/buffer.js'
import { blockBits, invalidAccess, normalized, operationError } from './algorithms.js'
import { requireArguments, toBoolean, toByteSource, toCryptoKey, toIdentifier, toJsonWebKey, toKeyFormat, toKeyUsages, toUnsignedLong } from './converters.js'
import { exportKey } from './export.js'
import { generateKey } from './generate.js'
import { importKey } from './import.js'
import { illegalConstructor, invalidThis, show } from './interfaces.js'
import { cipher, deriveBits, digest, signVerify } from './operations.js'
import { DOMException } from '../dom_exception.js'

const ORDINALS = ['1st', '2nd', '3rd', '4th', '5th', '6th', '7th']

/**
 * The arguments of a method, converted one after the other as WebIDL does it.
 *
 * @param {Function[]} converters of those that must be there
 */
function converted(method, given, ...converters) {
  const prefix = `Failed to execute '${method}' on 'SubtleCrypto'`
  requireArguments(given.length, converters.length, prefix)
  return converters.map((convert, i) => convert(given[i], { prefix, context: `${ORDINALS[i]} argument` }))
}

function requireSubtle(value) {
  if (value !== subtle) throw invalidThis('SubtleCrypto')
}

/** An algorithm for wrapping, which mostly is one for encrypting. */
function wrapping(algorithm, usage, other) {
  try {
    return normalized(algorithm, usage)
  } catch {
    return normalized(algorithm, other)
  }
}

function requireDeriving(key, usage, algorithm) {
  if (!key.usages.includes(usage)) throw invalidAccess(`baseKey does not have ${usage} usage`)
  if (key.algorithm.name !== algorithm.name) throw invalidAccess('Key algorithm mismatch')
}

/** The bits of a key that is derived; null where all that there are will do. */
function keyLength({ name, length, hash }) {
  if (name.startsWith('AES')) return length
  if (name !== 'HMAC') return null
  if (length === undefined) return blockBits(hash)
  if (length === 0) throw operationError('Invalid key length')
  return length
}

export class SubtleCrypto {
  constructor() { throw illegalConstructor() }

  async encrypt(...args) {
    requireSubtle(this)
    const [algorithm, key, data] = converted('encrypt', args, toIdentifier, toCryptoKey, toByteSource)
    return cipher('encrypt', normalized(algorithm, 'encrypt'), key, data)
  }

  async decrypt(...args) {
    requireSubtle(this)
    const [algorithm, key, data] = converted('decrypt', args, toIdentifier, toCryptoKey, toByteSource)
    return cipher('decrypt', normalized(algorithm, 'decrypt'), key, data)
  }

  async sign(...args) {
    requireSubtle(this)
    const [algorithm, key, data] = converted('sign', args, toIdentifier, toCryptoKey, toByteSource)
    return signVerify(normalized(algorithm, 'sign'), key, data)
  }

  async verify(...args) {
    requireSubtle(this)
    const [algorithm, key, signature, data] = converted('verify', args, toIdentifier, toCryptoKey, toByteSource, toByteSource)
    return signVerify(normalized(algorithm, 'verify'), key, data, signature)
  }

  async digest(...args) {
    requireSubtle(this)
    const [algorithm, data] = converted('digest', args, toIdentifier, toByteSource)
    return digest(normalized(algorithm, 'digest'), data)
  }

  async generateKey(...args) {
    requireSubtle(this)
    const [algorithm, extractable, usages] = converted('generateKey', args, toIdentifier, toBoolean, toKeyUsages)
    return generateKey(normalized(algorithm, 'generateKey'), extractable, usages)
  }

  async deriveKey(...args) {
    requireSubtle(this)
    const [given, key, wanted, extractable, usages] = converted('deriveKey', args, toIdentifier, toCryptoKey, toIdentifier, toBoolean, toKeyUsages)
    const algorithm = normalized(given, 'deriveBits')
    const derived = normalized(wanted, 'importKey')
    requireDeriving(key, 'deriveKey', algorithm)
    const length = keyLength(normalized(wanted, 'get key length'))
    return importKey('raw', new Uint8Array(await deriveBits(algorithm, key, length)), derived, extractable, usages)
  }

  async deriveBits(...args) {
    requireSubtle(this)
    const [given, key] = converted('deriveBits', args, toIdentifier, toCryptoKey)
    const length = args[2] === undefined || args[2] === null ? null : toUnsignedLong(args[2], { prefix: "Failed to execute 'deriveBits' on 'SubtleCrypto'", context: '3rd argument' })
    const algorithm = normalized(given, 'deriveBits')
    requireDeriving(key, 'deriveBits', algorithm)
    return deriveBits(algorithm, key, length)
  }

  async importKey(...args) {
    requireSubtle(this)
    const toData = args[0] === 'jwk' ? toJsonWebKey : toByteSource
    const [format, data, algorithm, extractable] = converted('importKey', args, toKeyFormat, toData, toIdentifier, toBoolean)
    const usages = toKeyUsages(args[4], { prefix: "Failed to execute 'importKey' on 'SubtleCrypto'", context: '5th argument' })
    return importKey(format, data, normalized(algorithm, 'importKey'), extractable, usages)
  }

  async exportKey(...args) {
    requireSubtle(this)
    return exportKey(...converted('exportKey', args, toKeyFormat, toCryptoKey))
  }

  async wrapKey(...args) {
    requireSubtle(this)
    const [format, key, wrappingKey, given] = converted('wrapKey', args, toKeyFormat, toCryptoKey, toCryptoKey, toIdentifier)
    const algorithm = wrapping(given, 'wrapKey', 'encrypt')
    const exported = exportKey(format, key)
    if (format !== 'jwk') return cipher('wrapKey', algorithm, wrappingKey, new Uint8Array(exported))
    const text = JSON.stringify(exported)
    // AES-KW takes whole blocks alone.
    const padded = algorithm.name === 'AES-KW' ? text.padEnd(Math.ceil(text.length / 8) * 8) : text
    return cipher('wrapKey', algorithm, wrappingKey, Buffer.from(padded))
  }

  async unwrapKey(...args) {
    requireSubtle(this)
    const [format, wrapped, unwrappingKey, given, wanted, extractable, usages] =
      converted('unwrapKey', args, toKeyFormat, toByteSource, toCryptoKey, toIdentifier, toIdentifier, toBoolean, toKeyUsages)
    const bytes = new Uint8Array(await cipher('unwrapKey', wrapping(given, 'unwrapKey', 'decrypt'), unwrappingKey, wrapped))
    const data = format === 'jwk' ? wrappedJwk(bytes) : bytes
    return importKey(format, data, normalized(wanted, 'importKey'), extractable, usages)
  }
}

function wrappedJwk(bytes) {
  let jwk
  try {
    jwk = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new DOMException('Invalid wrapped JWK key', 'DataError')
  }
  return toJsonWebKey(jwk, { prefix: "Failed to execute 'importKey' on 'SubtleCrypto'", context: '2nd argument' })
}
show(SubtleCrypto, 'SubtleCrypto')

/** The only one. */
export const subtle = Object.create(SubtleCrypto.prototype)
