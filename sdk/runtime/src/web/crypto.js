/** `crypto`, the web's: random values, digests, HMAC, AES, PBKDF2 and HKDF. */
import { randomUUID, timingSafeEqual } from '../node/crypto.js'
import { createCipheriv, createDecipheriv } from '../node/ciphers.js'
import { derive, hkdfSync } from '../node/derivation.js'
import { Hmac, hashOf } from '../node/hashes.js'
import { kBytes, toBytes } from '../node/keys.js'
import { Buffer } from '../node/buffer.js'
import { fillRandom, rememberPool } from '../random.js'
import { DOMException } from './dom_exception.js'

const MOST_RANDOM = 65536
const BLOCK = 16

const AES = { 'AES-GCM': 'GCM', 'AES-CBC': 'CBC', 'AES-CTR': 'CTR' }
/** What keys of each algorithm may be for. */
const USAGES = {
  HMAC: ['sign', 'verify'], PBKDF2: ['deriveKey', 'deriveBits'], HKDF: ['deriveKey', 'deriveBits'],
  ...Object.fromEntries(Object.keys(AES).map((name) => [name, ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey']])),
}

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

const notSupported = (name) => new DOMException(`Unrecognized or unsupported algorithm: ${name}. Roost has SHA, HMAC, AES-GCM, AES-CBC, AES-CTR, PBKDF2 and HKDF.`, 'NotSupportedError')
const failed = (cause) => new DOMException('The operation failed for an operation-specific reason', { name: 'OperationError', cause })

function bytesOf(data) {
  if (!ArrayBuffer.isView(data) && !(data instanceof ArrayBuffer)) throw new TypeError('The data must be an ArrayBuffer or a view of one')
  return toBytes(data)
}

const arrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

function mustAllow(key, usage, algorithm) {
  if (algorithm !== undefined && key.algorithm.name !== nameOf(algorithm)) throw new DOMException('Key algorithm mismatch', 'InvalidAccessError')
  if (!key.usages.includes(usage)) throw new DOMException(`The key does not allow ${usage}`, 'InvalidAccessError')
}

/** What an imported key is of. */
function describe(algorithm, bytes) {
  const name = nameOf(algorithm)
  if (name === 'HMAC') {
    hashName(algorithm.hash)
    return { name, hash: { name: nameOf(algorithm.hash) }, length: bytes.length * 8 }
  }
  if (!AES[name]) return { name }
  if (![16, 24, 32].includes(bytes.length)) throw new DOMException('Invalid key length', 'DataError')
  return { name, length: bytes.length * 8 }
}

/** The name that JWK has for a key's algorithm. */
function jwkAlgorithm({ name, length, hash }) {
  return name === 'HMAC' ? `HS${hash.name.slice(4)}` : `A${length}${AES[name]}`
}

/** The length of a key that is made or derived, in bits. */
function lengthOf(algorithm) {
  const name = nameOf(algorithm)
  if (name === 'HMAC') return algorithm.length ?? (/SHA-(384|512)/i.test(nameOf(algorithm.hash)) ? 1024 : 512)
  if (!AES[name]) return null
  if (![128, 192, 256].includes(algorithm.length)) throw new DOMException('AES key length must be 128, 192, or 256 bits', 'OperationError')
  return algorithm.length
}

function mac(key, data) {
  return new Hmac(hashName(key.algorithm.hash), key[kBytes]).update(bytesOf(data)).digest()
}

const cipherOf = (key, mode) => `aes-${key[kBytes].length * 8}-${mode}`

function ivOf(algorithm, mode) {
  const iv = bytesOf(algorithm.iv)
  if (mode === 'cbc' && iv.length !== BLOCK) throw new DOMException('algorithm.iv must contain exactly 16 bytes', 'OperationError')
  return iv
}

/** AES-GCM with its tag at the end, and AES-CBC. */
function encrypt(algorithm, key, data) {
  const mode = AES[key.algorithm.name].toLowerCase()
  if (mode === 'ctr') return counted(algorithm, key, data)
  const cipher = createCipheriv(cipherOf(key, mode), key[kBytes], ivOf(algorithm, mode))
  if (mode === 'gcm' && algorithm.additionalData !== undefined) cipher.setAAD(bytesOf(algorithm.additionalData))
  const parts = [cipher.update(data), cipher.final()]
  if (mode === 'gcm') parts.push(cipher.getAuthTag().subarray(0, tagLength(algorithm)))
  return Buffer.concat(parts)
}

function decrypt(algorithm, key, data) {
  const mode = AES[key.algorithm.name].toLowerCase()
  if (mode === 'ctr') return counted(algorithm, key, data)
  const cipher = createDecipheriv(cipherOf(key, mode), key[kBytes], ivOf(algorithm, mode))
  if (mode === 'gcm') {
    const length = tagLength(algorithm)
    if (data.length < length) throw new DOMException('The provided data is too small.', 'OperationError')
    if (algorithm.additionalData !== undefined) cipher.setAAD(bytesOf(algorithm.additionalData))
    cipher.setAuthTag(data.subarray(data.length - length))
    data = data.subarray(0, data.length - length)
  }
  return Buffer.concat([cipher.update(data), cipher.final()])
}

function tagLength({ tagLength: bits = 128 }) {
  if (![32, 64, 96, 104, 112, 120, 128].includes(bits)) throw new DOMException(`${bits} is not a valid AES-GCM tag length`, 'OperationError')
  return bits / 8
}

/** AES-CTR, whose counter is the last bits of its block only: where that begins anew, so does the cipher. */
function counted(algorithm, key, data) {
  const counter = bytesOf(algorithm.counter)
  const { length } = algorithm
  if (counter.length !== BLOCK || !(length >= 1 && length <= 128)) throw new DOMException('algorithm.counter must contain exactly 16 bytes, and algorithm.length be from 1 to 128', 'OperationError')
  const first = BigInt(`0x${Buffer.from(counter).toString('hex')}`)
  const values = 1n << BigInt(length)
  const left = values - (first & (values - 1n))
  if (BigInt(Math.ceil(data.length / BLOCK)) > values) throw failed()
  const before = left > BigInt(data.length) ? data.length : Math.min(data.length, Number(left) * BLOCK)
  const run = (iv, part) => {
    const cipher = createCipheriv(cipherOf(key, 'ctr'), key[kBytes], iv)
    return [cipher.update(part), cipher.final()]
  }
  const anew = Buffer.from((first - (first & (values - 1n))).toString(16).padStart(2 * BLOCK, '0'), 'hex')
  return Buffer.concat([...run(counter, data.subarray(0, before)), ...(before < data.length ? run(anew, data.subarray(before)) : [])])
}

async function bits(algorithm, key, length) {
  const name = nameOf(algorithm)
  if (name !== key.algorithm.name) throw new DOMException('Key algorithm mismatch', 'InvalidAccessError')
  if (typeof length !== 'number' || length % 8 !== 0) throw new DOMException('length must be a multiple of 8', 'OperationError')
  if (length === 0) return new ArrayBuffer(0)
  const hash = hashName(algorithm.hash)
  const salt = bytesOf(algorithm.salt)
  try {
    if (name === 'HKDF') return hkdfSync(hash, key[kBytes], salt, bytesOf(algorithm.info), length / 8)
    if (!(algorithm.iterations >= 1)) throw new Error('iterations must be at least 1')
    return arrayBuffer(await derive('pbkdf2', [hash, key[kBytes], salt, algorithm.iterations, length / 8]))
  } catch (error) {
    throw failed(error)
  }
}

export class SubtleCrypto {
  async digest(algorithm, data) {
    return arrayBuffer(hashOf(hashName(algorithm))(bytesOf(data)))
  }

  async importKey(format, data, algorithm, extractable, usages) {
    const name = nameOf(algorithm)
    if (!USAGES[name]) throw notSupported(name)
    let bytes
    if (format === 'raw' || format === 'raw-secret') bytes = bytesOf(data).slice()
    else if (format === 'jwk' && data.kty === 'oct') bytes = new Uint8Array(Buffer.from(data.k, 'base64url'))
    else throw new DOMException(`Unable to import a ${name} key of format ${format}`, 'NotSupportedError')
    const wrong = usages.find((usage) => !USAGES[name].includes(usage))
    if (wrong !== undefined) throw new DOMException(`Unsupported key usage for ${name} key`, 'SyntaxError')
    return new CryptoKey(bytes, describe(algorithm, bytes), extractable, [...usages])
  }

  async exportKey(format, key) {
    if (!key.extractable) throw new DOMException('The key is not extractable', 'InvalidAccessError')
    if (format === 'raw' || format === 'raw-secret') return arrayBuffer(key[kBytes].slice())
    if (format === 'jwk') return { key_ops: key.usages, ext: key.extractable, alg: jwkAlgorithm(key.algorithm), kty: 'oct', k: Buffer.from(key[kBytes]).toString('base64url') }
    throw new DOMException(`Unable to export a key as ${format}`, 'NotSupportedError')
  }

  async generateKey(algorithm, extractable, usages) {
    const name = nameOf(algorithm)
    const length = USAGES[name] ? lengthOf(algorithm) : null
    if (length === null) throw notSupported(name)
    const bytes = new Uint8Array(length / 8)
    fillRandom(bytes)
    return this.importKey('raw', bytes, algorithm, extractable, usages)
  }

  async sign(algorithm, key, data) {
    mustAllow(key, 'sign', algorithm)
    return arrayBuffer(mac(key, data))
  }

  async verify(algorithm, key, signature, data) {
    mustAllow(key, 'verify', algorithm)
    const expected = mac(key, data)
    const given = bytesOf(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }

  async encrypt(algorithm, key, data) {
    return ciphered(encrypt, 'encrypt', algorithm, key, data)
  }

  async decrypt(algorithm, key, data) {
    return ciphered(decrypt, 'decrypt', algorithm, key, data)
  }

  async deriveBits(algorithm, key, length) {
    mustAllow(key, 'deriveBits')
    return bits(algorithm, key, length)
  }

  async deriveKey(algorithm, key, derived, extractable, usages) {
    mustAllow(key, 'deriveKey')
    const length = lengthOf(derived)
    if (length === null) throw notSupported(nameOf(derived))
    return this.importKey('raw', await bits(algorithm, key, length), derived, extractable, usages)
  }

  async wrapKey(format, key, wrapping, algorithm) {
    const exported = await this.exportKey(format, key)
    const bytes = format === 'jwk' ? Buffer.from(JSON.stringify(exported)) : exported
    return ciphered(encrypt, 'wrapKey', algorithm, wrapping, bytes)
  }

  async unwrapKey(format, wrapped, unwrapping, algorithm, keyAlgorithm, extractable, usages) {
    const bytes = ciphered(decrypt, 'unwrapKey', algorithm, unwrapping, wrapped)
    const data = format === 'jwk' ? JSON.parse(Buffer.from(bytes).toString()) : bytes
    return this.importKey(format, data, keyAlgorithm, extractable, usages)
  }
}

function ciphered(work, usage, algorithm, key, data) {
  if (!AES[nameOf(algorithm)]) throw notSupported(`${nameOf(algorithm)} for ${usage}`)
  mustAllow(key, usage, algorithm)
  const bytes = bytesOf(data)
  try {
    return arrayBuffer(work(algorithm, key, bytes))
  } catch (error) {
    throw error instanceof DOMException || error.code === undefined && error instanceof TypeError ? error : failed(error)
  }
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
