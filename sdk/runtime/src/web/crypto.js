/** `crypto`, the web's: random values, digests, HMAC, PBKDF2 and HKDF. */
import crypto, { hashOf, randomUUID, timingSafeEqual, toBytes } from '../node/crypto.js'
import { Buffer } from '../node/buffer.js'
import { fillRandom, rememberPool } from '../random.js'
import { DOMException } from './dom_exception.js'

const MOST_RANDOM = 65536
const kBytes = Symbol('bytes')

export class CryptoKey {
  constructor(bytes, algorithm, extractable, usages) {
    this[kBytes] = bytes
    Object.assign(this, { type: 'secret', extractable, algorithm, usages })
  }
}
Object.defineProperty(CryptoKey.prototype, Symbol.toStringTag, { value: 'CryptoKey', configurable: true })

const nameOf = (algorithm) => `${typeof algorithm === 'string' ? algorithm : algorithm?.name}`.toUpperCase()

function hashName(algorithm) {
  const name = nameOf(algorithm)
  if (!/^SHA-(1|256|384|512)$/.test(name)) throw notSupported(name)
  return name.toLowerCase().replace('-', '')
}

const notSupported = (name) => new DOMException(`Unrecognized or unsupported algorithm: ${name}. Roost has SHA, HMAC, PBKDF2 and HKDF.`, 'NotSupportedError')

function bytesOf(data) {
  if (!ArrayBuffer.isView(data) && !(data instanceof ArrayBuffer)) throw new TypeError('The data must be an ArrayBuffer or a view of one')
  return toBytes(data)
}

const arrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

function mustAllow(key, usage) {
  if (!key.usages.includes(usage)) throw new DOMException(`The key does not allow ${usage}`, 'InvalidAccessError')
}

export class SubtleCrypto {
  async digest(algorithm, data) {
    return arrayBuffer(hashOf(hashName(algorithm))(bytesOf(data)))
  }

  async importKey(format, data, algorithm, extractable, usages) {
    const name = nameOf(algorithm)
    if (!['HMAC', 'PBKDF2', 'HKDF'].includes(name)) throw notSupported(name)
    let bytes
    if (format === 'raw') bytes = bytesOf(data).slice()
    else if (format === 'jwk' && data.kty === 'oct') bytes = new Uint8Array(Buffer.from(data.k, 'base64url'))
    else throw new DOMException(`Unable to import a ${name} key of format ${format}`, 'NotSupportedError')
    const described = name === 'HMAC' ? { name, hash: { name: nameOf(algorithm.hash) }, length: bytes.length * 8 } : { name }
    if (name === 'HMAC') hashName(algorithm.hash)
    return new CryptoKey(bytes, described, extractable, [...usages])
  }

  async exportKey(format, key) {
    if (!key.extractable) throw new DOMException('The key is not extractable', 'InvalidAccessError')
    if (format === 'raw') return arrayBuffer(key[kBytes].slice())
    if (format === 'jwk') return { kty: 'oct', k: Buffer.from(key[kBytes]).toString('base64url'), ext: true, key_ops: key.usages }
    throw new DOMException(`Unable to export a key as ${format}`, 'NotSupportedError')
  }

  async generateKey(algorithm, extractable, usages) {
    if (nameOf(algorithm) !== 'HMAC') throw notSupported(nameOf(algorithm))
    const size = algorithm.length ? algorithm.length / 8 : /SHA-(384|512)/i.test(nameOf(algorithm.hash)) ? 128 : 64
    const bytes = new Uint8Array(size)
    fillRandom(bytes)
    return this.importKey('raw', bytes, algorithm, extractable, usages)
  }

  async sign(algorithm, key, data) {
    mustAllow(key, 'sign')
    if (key.algorithm.name !== 'HMAC') throw notSupported(nameOf(algorithm))
    return arrayBuffer(new Uint8Array(mac(key, data)))
  }

  async verify(algorithm, key, signature, data) {
    mustAllow(key, 'verify')
    const expected = mac(key, data)
    const given = bytesOf(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }

  async deriveBits(algorithm, key, length) {
    const hash = hashName(algorithm.hash)
    if (nameOf(algorithm) === 'PBKDF2') {
      return arrayBuffer(new Uint8Array(crypto.pbkdf2Sync(key[kBytes], bytesOf(algorithm.salt), algorithm.iterations, length / 8, hash)))
    }
    if (nameOf(algorithm) === 'HKDF') return crypto.hkdfSync(hash, key[kBytes], bytesOf(algorithm.salt), bytesOf(algorithm.info), length / 8)
    throw notSupported(nameOf(algorithm))
  }
}
for (const name of ['encrypt', 'decrypt', 'deriveKey', 'wrapKey', 'unwrapKey']) {
  SubtleCrypto.prototype[name] = async (algorithm) => { throw notSupported(`${nameOf(algorithm)} for ${name}`) }
}

function mac(key, data) {
  return crypto.createHmac(hashName(key.algorithm.hash), key[kBytes]).update(bytesOf(data)).digest()
}

export class Crypto {
  subtle = new SubtleCrypto()
  randomUUID() { return randomUUID() }

  getRandomValues(array) {
    if (!ArrayBuffer.isView(array) || array instanceof DataView || /Float/.test(array.constructor.name)) {
      throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError')
    }
    if (array.byteLength > MOST_RANDOM) {
      throw new DOMException('The requested length exceeds 65,536 bytes', 'QuotaExceededError')
    }
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    fillRandom(bytes)
    rememberPool(bytes)
    return array
  }
}

const webcrypto = new Crypto()
export { webcrypto as crypto }
