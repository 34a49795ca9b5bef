/** `node:crypto`: digests, MACs, key derivation, ciphers and random numbers. */
import { codedError, invalidArgType, outOfRange, requireFunction, unavailable } from '../errors.js'
import { fillRandom, rememberPool } from '../random.js'
import { Buffer } from './buffer.js'
import { Cipheriv, Decipheriv, cipherNames, createCipheriv, createDecipheriv, getCipherInfo } from './ciphers.js'
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from './derivation.js'
import { Hash, Hmac, hash, hashNames } from './hashes.js'
import { KeyObject, asBuffer, createSecretKey, toBytes } from './keys.js'

const MOST_RANDOM = 2 ** 31 - 1

/** So many elements in bytes, of which there may be `most`. */
function inBytes(name, count, unit, most) {
  if (typeof count !== 'number') throw invalidArgType(name, 'number', count)
  const bytes = count * unit
  if (!(bytes >= 0 && bytes <= most)) throw outOfRange(name, `>= 0 && <= ${most}`, bytes)
  return Math.floor(bytes)
}

function randomBytes(size, callback) {
  const bytes = Buffer.alloc(inBytes('size', size, 1, MOST_RANDOM))
  if (callback !== undefined) requireFunction(callback, 'callback')
  fillRandom(bytes)
  if (!callback) return bytes
  process.nextTick(callback, null, bytes)
}

function randomFillSync(target, offset = 0, size) {
  const isBuffer = target instanceof ArrayBuffer
  if (!isBuffer && !ArrayBuffer.isView(target)) throw invalidArgType('buf', 'an instance of ArrayBuffer or ArrayBufferView', target)
  const bytes = isBuffer ? new Uint8Array(target) : new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  const unit = target.BYTES_PER_ELEMENT ?? 1
  const from = inBytes('offset', offset, unit, Math.min(bytes.length, MOST_RANDOM))
  const count = size === undefined ? bytes.length - from : inBytes('size', size, unit, MOST_RANDOM)
  if (from + count > bytes.length) throw outOfRange('size + offset', `<= ${bytes.length}`, from + count)
  const part = bytes.subarray(from, from + count)
  fillRandom(part)
  rememberPool(part)
  return target
}

function randomFill(target, ...rest) {
  const callback = rest.pop()
  requireFunction(callback, 'callback')
  process.nextTick(callback, null, randomFillSync(target, ...rest))
}

function randomInt(min, max, callback) {
  if (max === undefined || typeof max === 'function') [min, max, callback] = [0, min, max]
  if (!Number.isSafeInteger(min)) throw invalidArgType('min', 'a safe integer', min)
  if (!Number.isSafeInteger(max)) throw invalidArgType('max', 'a safe integer', max)
  if (max <= min) throw outOfRange('max', `greater than the value of "min" (${min})`, max)
  const range = max - min
  const limit = 2 ** 48 - (2 ** 48 % range)
  const bytes = new Uint8Array(6)
  let drawn
  do {
    fillRandom(bytes)
    drawn = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  } while (drawn >= limit)
  const result = min + (drawn % range)
  if (!callback) return result
  process.nextTick(callback, null, result)
}

export function randomUUID() {
  const bytes = new Uint8Array(16)
  fillRandom(bytes)
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = asBuffer(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function timingSafeEqual(a, b) {
  for (const [name, value] of [['buf1', a], ['buf2', b]]) {
    if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.`)
  }
  const [x, y] = [toBytes(a, 'buf1'), toBytes(b, 'buf2')]
  if (x.length !== y.length) {
    throw codedError(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length')
  }
  let different = 0
  for (let i = 0; i < x.length; i++) different |= x[i] ^ y[i]
  return different === 0
}

const missing = (what, advice) => () => { throw unavailable(what, advice) }
const PUBLIC_KEYS = 'Public-key cryptography is not provided yet; HS256 and the other HMACs are.'

const crypto = {
  Hash, Hmac, KeyObject, Cipheriv, Decipheriv,
  createHash: (algorithm, options) => new Hash(algorithm, options),
  createHmac: (algorithm, key, options) => new Hmac(algorithm, key, options),
  hash, createCipheriv, createDecipheriv, getCipherInfo,
  getHashes: () => [...hashNames],
  getCiphers: () => [...cipherNames], getCurves: () => [],
  randomBytes, pseudoRandomBytes: randomBytes, prng: randomBytes, rng: randomBytes, randomFill, randomFillSync, randomInt, randomUUID,
  timingSafeEqual,
  pbkdf2Sync, pbkdf2, scryptSync, scrypt, hkdfSync, hkdf,
  createSecretKey,
  createPublicKey: missing('crypto.createPublicKey', PUBLIC_KEYS),
  createPrivateKey: missing('crypto.createPrivateKey', PUBLIC_KEYS),
  createSign: missing('crypto.createSign', PUBLIC_KEYS),
  createVerify: missing('crypto.createVerify', PUBLIC_KEYS),
  sign: missing('crypto.sign', PUBLIC_KEYS),
  verify: missing('crypto.verify', PUBLIC_KEYS),
  generateKeyPair: missing('crypto.generateKeyPair', PUBLIC_KEYS),
  generateKeyPairSync: missing('crypto.generateKeyPairSync', PUBLIC_KEYS),
  publicEncrypt: missing('crypto.publicEncrypt', PUBLIC_KEYS),
  privateDecrypt: missing('crypto.privateDecrypt', PUBLIC_KEYS),
  createDiffieHellman: missing('crypto.createDiffieHellman', PUBLIC_KEYS),
  createECDH: missing('crypto.createECDH', PUBLIC_KEYS),
  X509Certificate: class X509Certificate { constructor() { throw unavailable('crypto.X509Certificate', PUBLIC_KEYS) } },
  constants: {
    RSA_PKCS1_PADDING: 1, RSA_NO_PADDING: 3, RSA_PKCS1_OAEP_PADDING: 4, RSA_PKCS1_PSS_PADDING: 6,
    RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2,
    defaultCoreCipherList: '', TLS1_VERSION: 769, TLS1_2_VERSION: 771, TLS1_3_VERSION: 772, SSL_OP_NO_SSLv2: 0, SSL_OP_NO_SSLv3: 33554432,
  },
  getFips: () => 0, setEngine() {}, secureHeapUsed: () => ({ total: 0, used: 0 }),
  get webcrypto() { return globalThis.crypto },
  get subtle() { return globalThis.crypto.subtle },
  getRandomValues: (target) => globalThis.crypto.getRandomValues(target),
}

export default crypto
