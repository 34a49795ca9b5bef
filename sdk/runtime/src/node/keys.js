/** Secret keys, and the bytes of whatever stands for bytes in `node:crypto`. */
import { invalidArgType } from '../errors.js'
import { Buffer } from './buffer.js'

/** Where a `CryptoKey` of the web has its bytes. */
export const kBytes = Symbol('bytes')

const EXPECTED = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView'

/** The bytes of a string or of what holds bytes; undefined for anything else. */
function bytesIn(value, encoding) {
  if (typeof value === 'string') return Buffer.from(value, encoding === 'buffer' ? undefined : encoding)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return undefined
}

/** @returns {Uint8Array} the bytes themselves where there are some, no copy */
export function toBytes(value, name, encoding, expected = EXPECTED) {
  const bytes = bytesIn(value, encoding)
  if (bytes === undefined) throw invalidArgType(name, expected, value)
  return bytes
}

/** The bytes of a secret key, whatever it comes as. */
export function keyBytes(value, name, encoding, expected = 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey') {
  if (value instanceof KeyObject) return value.export()
  return value?.[kBytes] ?? toBytes(value, name, encoding, expected)
}

export const asBuffer = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Secret keys only: public-key cryptography is not here. */
export class KeyObject {
  #bytes
  constructor(type, bytes) {
    this.type = type
    this.#bytes = bytes
  }

  get symmetricKeySize() { return this.#bytes.length }
  get asymmetricKeyType() { return undefined }
  export(options) {
    return options?.format === 'jwk' ? { kty: 'oct', k: Buffer.from(this.#bytes).toString('base64url') } : Buffer.from(this.#bytes)
  }

  equals(other) { return other.type === this.type && Buffer.compare(this.#bytes, other.export()) === 0 }
  static from(key) {
    if (key?.[kBytes] === undefined) throw invalidArgType('key', 'an instance of CryptoKey', key)
    return new KeyObject('secret', Buffer.from(key[kBytes]))
  }
}

export function createSecretKey(key, encoding) {
  return new KeyObject('secret', Buffer.from(toBytes(key, 'key', encoding)))
}
