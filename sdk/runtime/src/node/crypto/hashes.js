/** `createHash` and `createHmac`. */
import { codedError, invalidArgType, nativeError, requireString } from '../../errors.js'
import { invalidArgValue, requireUint32 } from '../../validators.js'
import { Buffer, asBuffer, textOf } from '../buffer.js'
import { Mac, digestAtOnce, hostHash, hostXof, isForOnce } from './digests.js'
import { keptBytes, keyBytes } from './keys.js'
import { streamsLate } from './late_stream.js'

/** By the bytes of a block and of the digest. */
const SIZES = {
  md5: [64, 16], ripemd160: [64, 20], sha1: [64, 20], sha224: [64, 28], sha256: [64, 32], sha384: [128, 48], sha512: [128, 64],
  'sha512-224': [128, 28], 'sha512-256': [128, 32], 'sha3-224': [144, 28], 'sha3-256': [136, 32], 'sha3-384': [104, 48], 'sha3-512': [72, 64],
}
const HASHES = { __proto__: null, ...Object.fromEntries(Object.entries(SIZES).map(([name, sizes]) => [name, hostHash(name, ...sizes)])) }
/** Those whose digest has as many bytes as are asked for, by how many it has where none are. */
const XOFS = { __proto__: null, shake128: hostXof('shake128', 16), shake256: hostXof('shake256', 32) }
/** OpenSSL's other names. */
const OTHERS = {
  md5: ['RSA-MD5', 'md5WithRSAEncryption', 'ssl3-md5'], ripemd160: ['RSA-RIPEMD160', 'ripemd', 'ripemd160WithRSA', 'rmd160'],
  sha1: ['RSA-SHA1', 'RSA-SHA1-2', 'sha1WithRSAEncryption', 'ssl3-sha1'], sha224: ['RSA-SHA224', 'sha224WithRSAEncryption'], sha256: ['RSA-SHA256', 'sha256WithRSAEncryption'],
  sha384: ['RSA-SHA384', 'sha384WithRSAEncryption'], sha512: ['RSA-SHA512', 'sha512WithRSAEncryption'], 'sha512-224': ['RSA-SHA512/224', 'sha512-224WithRSAEncryption'],
  'sha512-256': ['RSA-SHA512/256', 'sha512-256WithRSAEncryption'],
  ...Object.fromEntries([224, 256, 384, 512].map((size) => [`sha3-${size}`, [`RSA-SHA3-${size}`, `id-rsassa-pkcs1-v1_5-with-sha3-${size}`]])),
}
export const hashNames = [...Object.keys(SIZES), ...Object.keys(XOFS), ...Object.values(OTHERS).flat()].sort()
for (const [name, others] of Object.entries(OTHERS)) for (const other of others) HASHES[other.toLowerCase()] = HASHES[name]
// What SHA-1 was called with DSA; not in the list, as on Node.
HASHES.dss1 = HASHES.sha1

const find = (name) => HASHES[name.toLowerCase()] ?? HASHES[name.toLowerCase().replace('-', '')]

export function hashOf(name) {
  requireString(name, 'algorithm')
  const found = HASHES[name] ?? find(name) ?? XOFS[name.toLowerCase().replace('-', '')]
  if (!found) throw new Error(`Digest method not supported: ${name}. Roost has ${[...Object.keys(SIZES), ...Object.keys(XOFS)].join(', ')}.`)
  return found
}

/** The digest that something else is made with. */
export function digestOf(name, argument = 'digest') {
  requireString(name, argument)
  const found = HASHES[name] ?? find(name)
  if (!found) throw nativeError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`)
  return found
}

/** What Hash and Hmac share: a stream, too, whose one chunk is the digest. Each sets `_options`, and has its own `update`, `digest` and `_result`. */
function Digest() {}
streamsLate(Digest.prototype)

Object.assign(Digest.prototype, {
  _done: false,
  _transform(chunk, encoding, callback) {
    this.update(chunk, encoding)
    callback()
  },
  /** The stream's own digest is not the one that may be asked for once. */
  _flush(callback) {
    this.push(asBuffer(this._result()))
    callback()
  },
})

/** As text, where an encoding is named that there is. */
const encoded = (bytes, encoding) => (encoding === undefined ? bytes : textOf(bytes, encoding) ?? bytes)

const notThatLong = () => Object.assign(new Error('error:030000B2:digital envelope routines::not XOF or invalid length'), {
  library: 'digital envelope routines', reason: 'not XOF or invalid length', code: 'ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH',
})

export function Hash(algorithm, options) {
  if (!(this instanceof Hash)) return new Hash(algorithm, options)
  const length = options?.outputLength
  if (length !== undefined) requireUint32(length, 'options.outputLength')
  this._options = options
  if (typeof algorithm === 'object' && algorithm instanceof Hash) this._state = begun(algorithm).clone()
  else this._of = hashOf(algorithm)
  if (length !== undefined && !begun(this).extendsTo(length)) throw notThatLong()
}
Object.setPrototypeOf(Hash.prototype, Digest.prototype)
/** Its first piece, as long as that may be all. */
Hash.prototype._only = undefined
Hash.prototype._state = undefined

/** The host's part, which is not made for one short piece. */
function begun(hash) {
  if (hash._state !== undefined) return hash._state
  hash._state = hash._of.create()
  if (hash._only !== undefined) hash._state.update(hash._only)
  return hash._state
}

Hash.prototype.update = function update(data, encoding) {
  if (this._done) throw codedError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
  const bytes = keptBytes(data, encoding)
  if (this._state === undefined && this._only === undefined && isForOnce(this._of, bytes)) this._only = bytes
  else begun(this).update(bytes)
  return this
}
Hash.prototype.digest = function digest(encoding) {
  if (this._done) throw codedError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
  this._done = true
  return encoded(asBuffer(this._result()), encoding)
}
Hash.prototype._result = function _result() {
  return this._state === undefined && this._of.isFixed ? digestAtOnce(this._of, this._only) : begun(this).digest()
}
Hash.prototype.copy = function copy(options) {
  if (this._done) throw codedError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
  return new Hash(this, options)
}

export function Hmac(algorithm, key, options) {
  if (!(this instanceof Hmac)) return new Hmac(algorithm, key, options)
  requireString(algorithm, 'hmac')
  const bytes = keyBytes(key, 'key', options?.encoding)
  this._options = options
  // Whoever gave a key may write over it, and nobody can over the bytes of a text.
  this._state = new Mac(digestOf(algorithm, 'hmac'), typeof key === 'string' ? bytes : new Uint8Array(bytes))
}
Object.setPrototypeOf(Hmac.prototype, Digest.prototype)
Hmac.prototype.update = function update(data, encoding) {
  if (this._done) throw codedError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
  this._state.update(keptBytes(data, encoding))
  return this
}
Hmac.prototype._result = function _result() { return this._state.digest() }
/** Unlike that of a hash, it may be asked again, and is empty then. */
Hmac.prototype.digest = function digest(encoding) {
  if (this._done) return encoded(Buffer.alloc(0), encoding)
  this._done = true
  return encoded(asBuffer(this._result()), encoding)
}

/** `crypto.hash`: all at once. */
export function hash(algorithm, data, encoding = 'hex') {
  requireString(algorithm, 'algorithm')
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) throw invalidArgType('input', 'of type string or an instance of Buffer, TypedArray, or DataView', data)
  requireString(encoding, 'outputEncoding')
  if (!Buffer.isEncoding(encoding) && encoding.toLowerCase() !== 'buffer') throw invalidArgValue('outputEncoding', encoding)
  return encoded(new Hash(algorithm).update(data).digest(), encoding.toLowerCase())
}
