/** `KeyObject`, and the bytes of whatever stands for bytes in `node:crypto`. */
import { engine } from '../../engine.js'
import { codedError, invalidArgType } from '../../errors.js'
import { invalidArgValue, requireObject, requireOneOf } from '../../validators.js'
import { Buffer, asBuffer as asOwnBuffer, textBytes } from '../buffer.js'
import { isAnyArrayBuffer } from '../util_types.js'

/** Where a key has its `KeyData`. */
export const kData = Symbol('kHandle')
/** Where a `CryptoKey` of the web has its `KeyObject`. */
export const kKeyObject = Symbol('kKeyObject')
/** Where a certificate has what the host says of it: plain values, which lie in an image like any other. */
export const kContents = Symbol('kHandle')
const kKeyType = Symbol('kKeyType')

const DATA = 'of type string or an instance of Buffer, TypedArray, or DataView'
const EXPECTED = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView'

/** The bytes of a string or of what holds bytes; undefined for anything else. */
export function bytesIn(value, encoding) {
  if (typeof value === 'string') return Buffer.from(value, encoding === 'buffer' ? undefined : encoding)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (isAnyArrayBuffer(value)) return new Uint8Array(value)
  return undefined
}

/** @returns {Uint8Array} the bytes themselves where there are some, no copy */
export function toBytes(value, name, encoding, expected = EXPECTED) {
  const bytes = bytesIn(value, encoding)
  if (bytes === undefined) throw invalidArgType(name, expected, value)
  return bytes
}

/** The bytes of data that is digested, enciphered or signed. An encoding that nobody knows is UTF-8 here, and an `ArrayBuffer` is no data. */
export function dataBytes(value, encoding) {
  if (typeof value === 'string') return textBytes(value, encoding)
  if (!ArrayBuffer.isView(value)) throw invalidArgType('data', DATA, value)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

/** The bytes of such data for who keeps them: whoever gave them may write over theirs. */
export function keptBytes(value, encoding) {
  if (typeof value === 'string') return textBytes(value, encoding)
  return new Uint8Array(ArrayBuffer.isView(value) && value.BYTES_PER_ELEMENT === 1 ? value : dataBytes(value))
}

/** The bytes of a secret key, whatever it comes as. */
export function keyBytes(value, name, encoding, expected = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey') {
  if (typeof value === 'string') return bytesIn(value, encoding)
  const key = keyObjectOf(value)
  if (key === undefined) return toBytes(value, name, encoding, expected)
  if (key.type !== 'secret') throw invalidKeyType(key.type, 'secret')
  return key[kData].bytes
}

/** @returns {Buffer} the same bytes */
export const asBuffer = (bytes) => asOwnBuffer(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))

export const invalidKeyType = (type, expected) => codedError(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${type}, expected ${expected}.`)

export const isKeyObject = (value) => value?.[kKeyType] !== undefined
export const isCryptoKey = (value) => value?.[kKeyObject] !== undefined

/** The `KeyObject` that a value is or has; undefined for anything else. */
export function keyObjectOf(value) {
  return isKeyObject(value) ? value : value?.[kKeyObject]
}

/** What a key is: a plain description, which lies in an image like any other. */
export class KeyData {
  /**
   * @param {'secret' | 'public' | 'private'} type
   * @param {Uint8Array} bytes a secret itself, SPKI of a public key, PKCS #8 of a private one
   * @param {object} [details] what the host says of a public or private one
   */
  constructor(type, bytes, details) {
    this.type = type
    this.bytes = bytes
    this.details = details
  }
}

export class KeyObject {
  constructor(type, data) {
    if (type !== 'secret' && type !== 'public' && type !== 'private') throw invalidArgValue('type', type)
    if (!(data instanceof KeyData)) throw invalidArgType('handle', 'object', data)
    this[kKeyType] = type
    Object.defineProperty(this, kData, { value: data })
  }

  get type() { return this[kKeyType] }

  static from(key) {
    if (!isCryptoKey(key)) throw invalidArgType('key', 'an instance of CryptoKey', key)
    return key[kKeyObject]
  }

  equals(other) {
    if (!isKeyObject(other)) throw invalidArgType('otherKeyObject', 'an instance of KeyObject', other)
    if (other.type !== this.type) return false
    const [mine, its] = [this[kData], other[kData]]
    if (sameBytes(mine.bytes, its.bytes)) return true
    return this.type === 'private' && mine.details.kind === its.details.kind && require('./key_forms.js').haveSamePublicKey(mine, its)
  }
}
Object.defineProperty(KeyObject.prototype, Symbol.toStringTag, { value: 'KeyObject', configurable: true })

/** Whether bytes are the same, in a time that does not say where they differ. */
export const sameBytes = (a, b) => engine.sameBytes(a, b)

export class SecretKeyObject extends KeyObject {
  constructor(data) { super('secret', data) }

  get symmetricKeySize() { return this[kData].bytes.length }

  export(options) {
    if (options !== undefined) {
      requireObject(options, 'options')
      requireOneOf(options.format, 'options.format', [undefined, 'buffer', 'jwk'])
      if (options.format === 'jwk') return { kty: 'oct', k: asBuffer(this[kData].bytes).toString('base64url') }
    }
    return Buffer.from(this[kData].bytes)
  }

  toCryptoKey(algorithm, extractable, usages) {
    return require('../../web/crypto/import.js').fromKeyObject(this, algorithm, extractable, usages)
  }
}

class AsymmetricKeyObject extends KeyObject {
  get asymmetricKeyType() { return this[kData].details.kind }

  get asymmetricKeyDetails() {
    const { kind, modulusLength, publicExponent, namedCurve, divisorLength, pss } = this[kData].details
    switch (kind) {
      case 'rsa': case 'rsa-pss': return {
        modulusLength, publicExponent: BigInt(`0x${asBuffer(publicExponent).toString('hex') || '0'}`),
        ...(pss && { hashAlgorithm: pss.digest, mgf1HashAlgorithm: pss.mgf1Digest, saltLength: pss.saltLength }),
      }
      case 'dsa': return { modulusLength, divisorLength }
      case 'ec': return { namedCurve }
      default: return {}
    }
  }

  toCryptoKey(algorithm, extractable, usages) {
    return require('../../web/crypto/import.js').fromKeyObject(this, algorithm, extractable, usages)
  }
}

export class PublicKeyObject extends AsymmetricKeyObject {
  constructor(data) { super('public', data) }
  export(options) { return require('./key_forms.js').exportPublic(this[kData], options) }
}

export class PrivateKeyObject extends AsymmetricKeyObject {
  constructor(data) { super('private', data) }
  export(options) { return require('./key_forms.js').exportPrivate(this[kData], options) }
}

export function createSecretKey(key, encoding) {
  return new SecretKeyObject(new KeyData('secret', Uint8Array.from(toBytes(key, 'key', encoding, 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView'))))
}

/** The public or private key that a `KeyData` is. */
export const keyObjectFor = (data) => (data.type === 'public' ? new PublicKeyObject(data) : new PrivateKeyObject(data))
