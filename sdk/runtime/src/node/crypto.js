/** `node:crypto`: digests, MACs, key derivation and random numbers. */
import { pbkdf2 as noblePbkdf2 } from '@noble/hashes/pbkdf2.js'
import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js'
import { scrypt as nobleScrypt } from '@noble/hashes/scrypt.js'
import { codedError, invalidArgType, outOfRange, requireFunction, unavailable } from '../errors.js'
import { fillRandom, rememberPool } from '../random.js'
import { Buffer } from './buffer.js'
import { Mac, hostHash } from './digests.js'
import { Transform } from './stream.js'

/** By the bytes of a block and of the digest. */
const SIZES = {
  md5: [64, 16], ripemd160: [64, 20], sha1: [64, 20], sha224: [64, 28], sha256: [64, 32], sha384: [128, 48], sha512: [128, 64],
  'sha512-224': [128, 28], 'sha512-256': [128, 32], 'sha3-224': [144, 28], 'sha3-256': [136, 32], 'sha3-384': [104, 48], 'sha3-512': [72, 64],
}
const HASHES = Object.fromEntries(Object.entries(SIZES).map(([name, sizes]) => [name, hostHash(name, ...sizes)]))
for (const [other, name] of [['rmd160', 'ripemd160'], ['ripemd', 'ripemd160'], ['rsa-md5', 'md5'], ['rsa-ripemd160', 'ripemd160'], ['rsa-sha1', 'sha1'], ['rsa-sha224', 'sha224'],
  ['rsa-sha256', 'sha256'], ['rsa-sha384', 'sha384'], ['rsa-sha512', 'sha512']]) HASHES[other] = HASHES[name]

export function hashOf(name) {
  const found = HASHES[String(name).toLowerCase()] ?? HASHES[String(name).toLowerCase().replace('-', '')]
  if (!found) {
    throw new Error(`Digest method not supported: ${name}. Roost has ${Object.keys(SIZES).join(', ')}.`)
  }
  return found
}

export function toBytes(data, name = 'data', encoding) {
  if (typeof data === 'string') return Buffer.from(data, encoding === 'buffer' ? undefined : encoding)
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (data instanceof KeyObject) return data.export()
  throw invalidArgType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', data)
}

const asBuffer = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What Hash and Hmac share: a stream, too, whose one chunk is the digest. */
function Digest(state, options) {
  this._options = options
  this._state = state
  this._done = false
}
Object.setPrototypeOf(Digest.prototype, Transform.prototype)

// To become a stream costs more than a digest, and few do: it is one when somebody looks at it as at one.
for (const name of ['_readableState', '_writableState']) {
  Object.defineProperty(Digest.prototype, name, {
    configurable: true,
    get() {
      if (this._state === undefined) return undefined
      Transform.call(this, this._options)
      return this[name]
    },
    set(value) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }) },
  })
}

Object.assign(Digest.prototype, {
  update(data, encoding) {
    if (this._done) throw codedError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
    this._state.update(toBytes(data, 'data', encoding))
    return this
  },
  digest(encoding) {
    if (this._done) throw codedError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
    this._done = true
    const result = asBuffer(this._state.digest())
    return encoding && encoding !== 'buffer' ? result.toString(encoding) : result
  },
  _transform(chunk, encoding, callback) {
    this.update(chunk, encoding)
    callback()
  },
  _flush(callback) {
    this.push(this.digest())
    callback()
  },
})

function Hash(algorithm, options) {
  if (!(this instanceof Hash)) return new Hash(algorithm, options)
  Digest.call(this, algorithm instanceof Hash ? algorithm._state.clone() : hashOf(algorithm).create(), options)
}
Object.setPrototypeOf(Hash.prototype, Digest.prototype)
Hash.prototype.copy = function copy(options) { return new Hash(this, options) }

function Hmac(algorithm, key, options) {
  if (!(this instanceof Hmac)) return new Hmac(algorithm, key, options)
  Digest.call(this, new Mac(hashOf(algorithm), toBytes(key, 'key', options?.encoding)), options)
}
Object.setPrototypeOf(Hmac.prototype, Digest.prototype)

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
  static from(key) { return new KeyObject('secret', key._bytes) }
}

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

function pbkdf2Sync(password, salt, iterations, length, digest) {
  return asBuffer(noblePbkdf2(hashOf(digest), toBytes(password, 'password'), toBytes(salt, 'salt'), { c: iterations, dkLen: length }))
}

function scryptSync(password, salt, length, options = {}) {
  const { N = options.cost ?? 16384, r = options.blockSize ?? 8, p = options.parallelization ?? 1, maxmem = 32 << 20 } = options
  if (128 * N * r > maxmem) throw codedError(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', 'Invalid scrypt params: memory limit exceeded')
  return asBuffer(nobleScrypt(toBytes(password, 'password'), toBytes(salt, 'salt'), { N, r, p, dkLen: length, maxmem: maxmem + 4096 }))
}

function hkdfSync(digest, key, salt, info, length) {
  const derived = nobleHkdf(hashOf(digest), toBytes(key), toBytes(salt), toBytes(info), length)
  return derived.buffer.slice(derived.byteOffset, derived.byteOffset + derived.byteLength)
}

/** The callback form of a synchronous function. */
const callbackForm = (sync) => (...args) => {
  const callback = args.pop()
  let error = null
  let result
  try {
    result = sync(...args)
  } catch (caught) {
    error = caught
  }
  process.nextTick(callback, error, result)
}

const missing = (what, advice) => () => { throw unavailable(what, advice) }
const PUBLIC_KEYS = 'Public-key cryptography is not provided yet; HS256 and the other HMACs are.'

function createSecretKey(key, encoding) {
  return new KeyObject('secret', Buffer.from(toBytes(key, 'key', encoding)))
}

const crypto = {
  Hash, Hmac, KeyObject,
  createHash: (algorithm, options) => new Hash(algorithm, options),
  createHmac: (algorithm, key, options) => new Hmac(algorithm, key, options),
  hash(algorithm, data, encoding = 'hex') { return new Hash(algorithm).update(data).digest(encoding) },
  getHashes: () => Object.keys(HASHES),
  getCiphers: () => [], getCurves: () => [],
  randomBytes, pseudoRandomBytes: randomBytes, prng: randomBytes, rng: randomBytes, randomFill, randomFillSync, randomInt, randomUUID,
  timingSafeEqual,
  pbkdf2Sync, pbkdf2: callbackForm(pbkdf2Sync),
  scryptSync, scrypt: callbackForm(scryptSync),
  hkdfSync, hkdf: callbackForm(hkdfSync),
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
  createCipheriv: missing('crypto.createCipheriv'),
  createDecipheriv: missing('crypto.createDecipheriv'),
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
